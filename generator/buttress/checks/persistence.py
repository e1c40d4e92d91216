"""Checks of how data is kept: queries that grow, transactions, connections, indexes, migrations."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.database.lazy_relations import lazy_reads
from buttress.analysis.database.list_views import unpaged_lists
from buttress.analysis.database.mapped_models import columns, unindexed
from buttress.analysis.database.migration_steps import migration_modules, recent, unsafe_steps
from buttress.analysis.database.queries import Queries, queries_of
from buttress.analysis.database.transactions import half_written, uses_request_transactions
from buttress.analysis.reliability.clients import speaks_to_server, unbounded_connections
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
from buttress.project.model import Framework, Role

_BUILT_IN_INDEX = frozenset(["mysql"])


@check(
    "ARCH-DB-N-PLUS-1",
    "A query runs once for every element of a list",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1073",),
)
def n_plus_1(subject: Subject) -> Iterator[Finding]:
    """A loop asks the database for something about each of its elements.

    With ten rows nobody notices, with ten thousand the page takes minutes. Loops over what the code
    lists itself, and loops that end with the first answer, are fine.

    Bad::

        for order in orders:
            user = db.query(User).filter(User.id == order.user_id).first()

    Good::

        users = db.query(User).filter(User.id.in_(ids)).all()
    """
    if not subject.service.drivers:
        raise NotApplicable("the app uses no database")
    for found in _queries(subject).looped():
        message = "This query runs once for every element of the loop."
        if found.function:
            message = (
                f"{found.function} makes a query, and runs once for every element of the loop."
            )
        yield subject.finding(found.module, found.node, message)
    for read in lazy_reads(subject.wired(), subject.service):
        message = (
            f"Each row of the loop is asked for its {read.name}: one query more for each of them."
        )
        yield subject.finding(read.module, read.node, message)


@check(
    "ARCH-DB-UNBOUNDED-LIST",
    "A list of all rows is read at once",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-770", "OWASP API4:2023"),
)
def unbounded_list(subject: Subject) -> Iterator[Finding]:
    """A handler that answers a GET reads every row of a table.

    Time and memory grow with the table until the request fails, and anybody can ask for it at any
    rate. Tables that stay small by their nature (roles, countries) and filtered lists are fine.

    Bad::

        return db.query(Order).all()

    Good::

        return db.query(Order).order_by(Order.id).limit(page.size).offset(page.start).all()
    """
    if not subject.service.drivers:
        raise NotApplicable("the app uses no database")
    for module, node in _queries(subject).whole_tables():
        yield subject.finding(
            module, node, "Every row of this table is read, however many there are."
        )
    for module, view in unpaged_lists(subject.modules(Role.APP)):
        message = f"{view.name} answers with every row: nothing splits its list into pages."
        found = subject.finding(module, view, message)
        yield Finding(found.place, message, found.symbol, "pages")


def _queries(subject: Subject) -> Queries:
    return queries_of(subject.project, subject.service, subject.wired())


@check(
    "ARCH-DB-NO-ROLLBACK",
    "A failure leaves half of the work in the database",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.LOW,
    standards=("CWE-460", "OWASP A10:2025"),
)
def no_rollback(subject: Subject) -> Iterator[Finding]:
    """Work that belongs together is written in several transactions, or one is never taken back.

    When the second write fails the first one stays: an order without its items. A session of the
    whole process refuses every later statement until somebody rolls it back. One commit at the end, a
    ``with`` block, ``atomic`` and a session that its dependency closes are fine.

    Bad::

        db.add(order); db.commit()
        db.add_all(items); db.commit()

    Good::

        with db.begin():
            db.add(order)
            db.add_all(items)
    """
    service = subject.service
    if not service.drivers and service.framework is not Framework.DJANGO:
        raise NotApplicable("the app uses no database")
    modules = subject.wired()
    if service.framework is Framework.DJANGO and uses_request_transactions(modules):
        return
    for module in modules:
        for found in half_written(module, service):
            yield subject.finding(module, found.node, found.message)


@check(
    "ARCH-DB-POOL",
    "Connections to the database have no bounds",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1072",),
)
def db_pool(subject: Subject) -> Iterator[Finding]:
    """Connections to a database server are opened without a pool, a test or a limit of time.

    Under load the server refuses new ones, after a restart the old ones are dead, and one runaway
    query holds its connection for minutes. For SQLite none of this matters.

    Bad::

        engine = create_engine(url)

    Good::

        engine = create_engine(
            url, pool_size=5, max_overflow=5, pool_pre_ping=True,
            connect_args={"options": "-c statement_timeout=5000"},
        )
    """
    if not speaks_to_server(subject.service):
        raise NotApplicable("the app uses no database server")
    for found in unbounded_connections(subject.wired(), subject.service):
        yield subject.finding(found.module, found.node, found.message)


@check(
    "ARCH-DB-MISSING-INDEX",
    "A column that is searched has no index",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1067",),
)
def missing_index(subject: Subject) -> Iterator[Finding]:
    """A foreign key, or a column that rows are looked up by, has no index.

    PostgreSQL and SQLite do not make one for a foreign key: each join, and each delete of the row it
    points at, reads the whole table. MySQL and Django make one.

    Bad::

        user_id = mapped_column(ForeignKey("users.id"))

    Good::

        user_id = mapped_column(ForeignKey("users.id"), index=True)
    """
    service = subject.service
    if service.framework is Framework.DJANGO:
        raise NotApplicable("Django makes indexes for foreign keys")
    modules = subject.modules(Role.APP)
    mapped = list(columns(modules))
    if not mapped:
        raise NotApplicable("the app has no mapped classes")
    kinds = {fact.value for fact in service.databases}
    if kinds and kinds <= _BUILT_IN_INDEX:
        raise NotApplicable("MySQL makes indexes for foreign keys")
    migrations = migration_modules(subject.project, service)
    for column, message in unindexed(mapped, modules, service, migrations):
        yield subject.finding(column.module, column.node, message)


@check(
    "ARCH-MIGRATION-UNSAFE",
    "A migration loses data or has no way back",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def migration_unsafe(subject: Subject) -> Iterator[Finding]:
    """A migration drops something that holds data, fails on a full table, or cannot be taken back.

    Old code still runs while it is applied, and a release that goes wrong has to be undone within
    minutes. Looked at are the last five migrations of each folder: the others are history. A drop that
    is the planned last step of a change is fine: say so where it stands.

    Bad::

        op.add_column("users", Column("plan", String, nullable=False))

    Good::

        op.add_column("users", Column("plan", String, nullable=False, server_default="free"))
    """
    modules = list(migration_modules(subject.project, subject.service))
    if not modules:
        raise NotApplicable("the project has no migrations")
    for module in recent(modules):
        for step in unsafe_steps(module):
            yield subject.finding(module, step.node, step.message)
