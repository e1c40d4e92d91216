"""Which environment variables the app cannot do without, although nothing says so when it starts."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from buttress.analysis.configuration import (
    ENVIRONMENT_WORDS,
    EnvironmentRead,
    Known,
    environment_reads,
    settings_classes,
)
from buttress.project.literals import constant, strings_in
from buttress.source import Module, Modules

_CHECKING = ("BaseSettings", "dynaconf", "environs", "environ.Env", "decouple", "pydantic_settings")
_NEEDS_TEXT = frozenset(
    {
        *("jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode", "hmac.new"),
        *("sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine"),
        *("sqlmodel.create_engine", "psycopg2.connect", "psycopg.connect", "asyncpg.connect"),
    }
)
_TESTS = (ast.If, ast.IfExp, ast.While, ast.Assert)


def unchecked_variables(modules: Modules) -> Iterator[EnvironmentRead]:
    """Yield where a variable is read that is used later as if it were set, and that nothing checks.

    It is read while the app starts, without a default; a function uses it in a way that fails, or
    means something else, without it; and no condition of the app asks for it. Where a library of
    settings is used, that is what checks.
    """
    reading = modules.having(*ENVIRONMENT_WORDS)
    reads = [(module, read, name) for module in reading for read, name in _kept(module)]
    if not reads or any(word in module.text for module in modules for word in _CHECKING):
        return
    for module, read, name in reads:
        around = [other for other in modules.having(name) if name in other.text]
        places = [place for other in around for place in _places(other, name, module)]
        is_asked = any(_is_asked(other, node) for other, node in places)
        is_asked = is_asked or _is_asked_in_turn(module, read.name or "")
        if not is_asked and any(_breaks(other, node) for other, node in places):
            yield read


def _kept(module: Module) -> Iterator[tuple[EnvironmentRead, str]]:
    """Yield what is read at the top of a module without a default, with the name that keeps it."""
    if settings_classes(module):
        return
    for read in environment_reads(module):
        statement = module.parent(read.node)
        if read.function is not None or read.raises or read.default.known is not Known.ABSENT:
            continue
        if read.node is not read.read or not isinstance(statement, ast.Assign):
            continue
        target, *more = statement.targets
        is_at_top = isinstance(module.parent(statement), ast.Module)
        if is_at_top and not more and isinstance(target, ast.Name) and read.name:
            yield read, target.id


def _places(module: Module, name: str, home: Module) -> Iterator[tuple[Module, ast.expr]]:
    """Yield where a module uses a name that another one, or itself, keeps."""
    stem = home.path.rpartition("/")[2].removesuffix(".py")
    for node in module.nodes(ast.Name, ast.Attribute):
        last = node.id if isinstance(node, ast.Name) else node.attr
        if last != name or not isinstance(node.ctx, ast.Load):
            continue
        if module is home and isinstance(node, ast.Name):
            yield module, node
        elif module is not home:
            # settings of Django are asked for by their name as well
            target = (module.resolve(node) or "").split(".")
            if stem in target[:-1] and target[0] != "django":
                yield module, node


def _is_asked_in_turn(module: Module, variable: str) -> bool:
    """Whether a loop over the names of variables asks for each (``for name in REQUIRED: if not getenv(name)``)."""
    for turn in module.nodes(ast.For, ast.ListComp, ast.GeneratorExp):
        over = turn.iter if isinstance(turn, ast.For) else _first(turn)
        if module.function(turn) is not None:
            continue
        names = constant(module, over.id) if isinstance(over, ast.Name) else over
        if variable in strings_in(names) and any(
            word in module.source(turn) for word in ENVIRONMENT_WORDS
        ):
            return True
    return False


def _first(turn: ast.AST) -> ast.expr | None:
    """Return what a comprehension goes over first."""
    return turn.generators[0].iter if isinstance(turn, ast.ListComp | ast.GeneratorExp) else None


def _is_asked(module: Module, node: ast.expr) -> bool:
    """Whether a condition, or a list of what is needed, looks at a value."""
    child: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(above, _TESTS) and above.test is child:
            return True
        if isinstance(above, ast.BoolOp | ast.Compare | ast.List | ast.Tuple | ast.Dict | ast.Set):
            return True
        if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
            return True
        if isinstance(above, ast.Call) and module.resolve(above.func) == "builtins.bool":
            return True
        if isinstance(above, ast.stmt):
            return False
        child = above
    return False


def _breaks(module: Module, node: ast.expr) -> bool:
    """Whether a function fails, or does something else, where a value is not set."""
    if module.function(node) is None:
        return False  # it fails when the app starts
    parent = module.parent(node)
    if isinstance(parent, ast.Attribute) and parent.value is node:
        return isinstance(module.parent(parent), ast.Call)
    if isinstance(parent, ast.BinOp):
        return isinstance(parent.op, ast.Add)
    if isinstance(parent, ast.FormattedValue):
        return _is_address(module.parent(parent), parent)
    if isinstance(parent, ast.keyword):
        parent = module.parent(parent)
    return isinstance(parent, ast.Call) and (module.resolve(parent.func) or "") in _NEEDS_TEXT


def _is_address(text: ast.AST | None, part: ast.FormattedValue) -> bool:
    """Whether a value is part of an address or of a header that proves who asks."""
    values: Sequence[ast.expr] = text.values if isinstance(text, ast.JoinedStr) else ()
    words = "".join(str(v.value) for v in values if isinstance(v, ast.Constant))
    return (
        "://" in words
        or "Bearer " in words
        or (bool(values) and values[0] is part and "/" in words)
    )
