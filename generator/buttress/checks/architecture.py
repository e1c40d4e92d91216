"""Checks of how code hangs together: layers, cycles, size, copies, what is built where it is used."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.reliability.clients import built_in_place
from buttress.analysis.structure.complexity import (
    MOST_BRANCHES,
    is_fat,
    module_lines,
    oversized,
)
from buttress.analysis.structure.duplicates import duplicates, stale_copies
from buttress.analysis.structure.import_cycles import cycles, start_graph
from buttress.analysis.structure.layers import HandlerAccess, accesses, http_imports, is_logic
from buttress.analysis.structure.one_file import largest_file
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Place, Role
from buttress.project.modules import own_modules
from buttress.source import Module

_FEW_ROUTES = 3
_SMALL, _HALF = 200, 0.5
_SHOWN = 4


@check(
    "ARCH-DB-IN-HANDLER",
    "Route handlers hold the logic and speak to the database",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1057",),
)
def db_in_handler(subject: Subject) -> Iterator[Finding]:
    """A handler makes several queries itself, or logic imports what belongs to HTTP.

    HTTP, rules and data can then neither change nor be tested apart: every test needs the whole app
    and a database. A handler with one query is fine. Where no layer exists at all, that is one finding
    for the app.

    Bad::

        @app.post("/orders")
        def order(data: Order, db: Session = Depends(get_db)):
            user = db.get(User, data.user)
            stock = db.query(Stock).filter_by(item=data.item).one()

    Good::

        @app.post("/orders")
        def order(data: Order, orders: Orders = Depends(orders)):
            return orders.place(data)
    """
    service = subject.service
    if len(service.routes) < _FEW_ROUTES:
        raise NotApplicable("the app answers fewer than three routes")
    if not service.drivers:
        raise NotApplicable("the app uses no database")
    modules = list(subject.modules(Role.APP))
    found = [
        (module, access)
        for module in modules
        for access in accesses(subject.project, service, module)
    ]
    mixed = [(module, access) for module, access in found if access.mixes]
    for module in modules:
        for statement, name in http_imports(module, service):
            message = f"Logic learns of HTTP here ({name}): it cannot be used or tested without a request."
            yield subject.finding(module, statement, message)
    if len(mixed) > 1 and not _has_layer(modules, subject):
        module, access = mixed[0]
        message = (
            f"{len(mixed)} of {len(found)} handlers that need data make several queries themselves,"
            " and no module holds the logic."
        )
        yield _at(subject, module, access, message)
        return
    for module, access in mixed:
        message = f"This handler makes {len(access.calls)} queries itself."
        yield _at(subject, module, access, message)


def _at(subject: Subject, module: Module, access: HandlerAccess, message: str) -> Finding:
    found = subject.finding(module, access.handler.node, message)
    # what a function is called says enough: its body changes every day
    return Finding(found.place, message, found.symbol, "queries")


def _has_layer(modules: list[Module], subject: Subject) -> bool:
    """Whether a module for logic exists that has functions and no routes."""
    return any(
        is_logic(module.path)
        and not module.path.endswith(("models.py", "__init__.py", "config.py", "settings.py"))
        and "def " in module.text
        and "models/" not in module.path
        and not subject.service.routes_in(module.path)
        for module in modules
    )


@check(
    "ARCH-ONE-FILE",
    "Half of the app or more stands in one file",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    standards=("CWE-1080",),
)
def one_file(subject: Subject) -> Iterator[Finding]:
    """One file has half or more of the app's functions and classes.

    Whatever is changed, this file changes: people get into each other's way, and what depends on what
    is nowhere to be seen. Files with less than 200 such lines are left alone.

    Bad::

        app.py          # 900 lines: routes, rules, statements, mails

    Good::

        shop/routes/    # what HTTP wants
        shop/orders.py  # what an order is
        shop/mail.py
    """
    if len(subject.service.routes) < _FEW_ROUTES:
        raise NotApplicable("the app answers fewer than three routes")
    largest = largest_file(subject.wired())
    if largest is None or largest.of < _SMALL:
        raise NotApplicable("the app is small enough for one file")
    if largest.lines >= _SMALL and largest.share >= _HALF:
        message = f"{largest.lines:,} of the {largest.of:,} lines of the app's functions and classes stand here."
        yield Finding(Place(largest.module.path), message, "", "one-file")


@check(
    "ARCH-IMPORT-CYCLE",
    "Modules import each other in a ring",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1047",),
    peers=("pylint:R0401",),
)
def import_cycle(subject: Subject) -> Iterator[Finding]:
    """Modules need each other to be imported.

    Which one is imported first decides whether the app starts, and none of them can be tested or
    moved alone. Imports inside functions, for type checkers only, and those of the package that a
    module stands in are left out.

    Bad::

        # orders.py
        from shop.users import User
        # users.py
        from shop.orders import Order

    Good::

        # orders.py and users.py
        from shop.models import Order, User
    """
    modules = {module.path: module for module in subject.modules(Role.APP)}
    own = own_modules(subject.project.tree)
    for cycle in cycles(start_graph(modules.values(), own, subject.service.import_root)):
        ring = [subject.service.dotted(path) for path in (*cycle.paths[:_SHOWN], cycle.paths[0])]
        more = f" (in a web of {cycle.size} modules)" if cycle.size > len(cycle.paths) else ""
        message = f"These modules import each other: {' -> '.join(ring)}{more}."
        yield subject.finding(modules[cycle.paths[0]], cycle.statement, message)


@check(
    "ARCH-HARDCODED-DEPENDENCY",
    "Clients and engines are built where they are used",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def hardcoded_dependency(subject: Subject) -> Iterator[Finding]:
    """A function builds an engine, a connection or a client of another system in its body.

    A test cannot put anything else in its place, and each call pays for a new connection. Functions
    that make a client for others, start-up code and what is kept for the process are fine.

    Bad::

        @app.post("/ask")
        def ask(question: Question):
            client = OpenAI()

    Good::

        @app.post("/ask")
        def ask(question: Question, client: OpenAI = Depends(get_client)): ...
    """
    for built in built_in_place(subject.project, subject.service, subject.modules(Role.APP)):
        more = f", as in {built.count - 1} more places of this file" if built.count > 1 else ""
        message = f"{built.name} is built where it is used{more}."
        yield subject.finding(built.module, built.node, message)


@check(
    "ARCH-COMPLEXITY",
    "A function or module is too big or too branched",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.RATIO,
    standards=(
        "CWE-1121",
        "CWE-1080",
    ),
    peers=(
        "ruff:C901",
        "ruff:PLR0912",
        "ruff:PLR0915",
    ),
)
def complexity(subject: Subject) -> Iterator[Finding]:
    """A function has more than 15 ways through it or more than 100 lines, or a file does everything.

    Nobody can say what it does in every case, and no test covers all of them. Tables of data, long
    texts and functions inside a function are not counted; a file is too big with 1000 lines, or with
    400 and eight routes.

    Bad::

        def checkout(...):  # 140 lines, 23 branches

    Good::

        def checkout(cart: Cart) -> Order:
            price = total(cart)
            return place(cart, charge(cart.user, price))
    """
    for module in subject.modules(Role.APP):
        for size in oversized(module):
            message = f"This function has {size.lines} lines."
            if size.complexity > MOST_BRANCHES:
                message = f"There are {size.complexity} ways through this function."
            found = subject.finding(module, size.function, message)
            yield Finding(found.place, message, found.symbol, "size")
        if is_fat(module, subject.service):
            message = f"This file has {module_lines(module)} lines of code and does many things."
            yield Finding(Place(module.path), message, "", "file")


@check(
    "ARCH-DUPLICATE-CODE",
    "The same function exists more than once",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.INSTANCE,
    standards=("CWE-1041",),
    peers=("pylint:R0801",),
)
def duplicate_code(subject: Subject) -> Iterator[Finding]:
    """A function of eight lines or more stands in two places word for word, or a file is an old copy.

    A mistake that is mended in one of them stays in the other. Names of parameters and local
    variables do not matter, comments and layout neither.

    Bad::

        # users.py and orders.py
        def parse_page(request): ...

    Good::

        from shop.paging import parse_page
    """
    for copy in duplicates(subject.modules(Role.APP)):
        more = f"; there are {copy.count} of them" if copy.count > 2 else ""
        message = f"The body of this function stands in {copy.original}:{copy.line}, too{more}."
        yield subject.finding(copy.module, copy.function, message)
    for path, original in stale_copies(subject.project.tree, subject.service):
        message = f"Nothing imports this file, and most of it is defined in {original}, too."
        yield Finding(Place(path), message, "", "copy")
