"""Cookies that say who somebody is, or what somebody may do, and that nothing signs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.literals import argument, known_string, last_name, literal_text
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_IDENTITY = lazy_pattern(
    r"(?:^|[_-])(?:user|username|userid|uid|email|login|account|role|roles|admin|(?:user|account|customer|member|employee|client)_(?:id|name|type|role))\Z",
    re.IGNORECASE,
)
_OF_SOMEBODY = frozenset(["id", "pk", "name", "key"])
_POWER = lazy_pattern(
    r"(?:^|[_-])(?:is_?)?(?:admin|administrator|staff|superuser|moderator|role|roles|privileges?|permissions?|user_?type|authenticated|logged_?in)\Z",
    re.IGNORECASE,
)
_PROVEN = lazy_pattern(
    r"hmac|signed|signer|signature|unsign|\bsign\(|_sign\(|verify|decrypt|fernet|jwt|serializer|digest",
    re.IGNORECASE,
)
_SECRET = lazy_pattern(r"pass|otp|code|token|pin\Z|secret|key|hash", re.IGNORECASE)
_ENCODINGS = frozenset(
    [
        "base64.b64encode",
        "base64.urlsafe_b64encode",
        "base64.standard_b64encode",
        "binascii.hexlify",
        "json.dumps",
        "urllib.parse.quote",
        "urllib.parse.quote_plus",
        "urllib.parse.urlencode",
        "builtins.str",
        "builtins.repr",
    ]
)
_FORMS = frozenset(["encode", "decode", "hex", "strip", "isoformat"])
_LOOKS_UP = lazy_pattern(r"(?:get|find|fetch|load|query|select|filter|filter_by|lookup|execute|where|one)(?:_|\Z)")  # fmt: skip
_REFUSES = lazy_pattern(r"redirect|abort|40[13]|login|unauthori[sz]ed|forbidden", re.IGNORECASE)
_MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class Believed:
    """A place where a cookie is believed that anybody can write.

    Attributes:
        module: The file.
        node: The call that sets it, or what compares it.
        message: What is wrong.
    """

    module: Module
    node: ast.expr
    message: str


@dataclass(frozen=True, slots=True)
class _Read:
    """Where a cookie is read, and the names that hold it."""

    module: Module
    node: ast.expr
    function: Function | None
    names: frozenset[str]

    @property
    def is_proven(self) -> bool:
        return _proves(self.module, self.function)


def believed_cookies(modules: Modules) -> Iterator[Believed]:
    """Yield the cookies that are set without a signature and read as who somebody is, and those that unlock something.

    Where anything in the function signs, encrypts or verifies, it is taken for that.
    """
    named: set[str] = set()
    for module, call in modules.called("set_cookie"):
        key = known_string(module, argument(call, 0, "key"))
        value = argument(call, 1, "value")
        if not key or value is None or key in named or _is_proven(module, call):
            continue
        content = _plain(module, value)
        if content is None:
            continue
        is_whole = _says_who(content)
        if not is_whole and not _names_somebody(key, content):
            continue
        reads = [read for read in _reads(modules, key) if not read.is_proven]
        if any(is_whole or _is_believed(read) for read in reads):
            named.add(key)
            message = f"Nothing signs the cookie {key}: who edits it is somebody else."
            yield Believed(module, call, message)
    for module in modules.having("cookies", "COOKIES"):
        for compare in module.nodes(ast.Compare):
            key = _compared(module, compare)
            if key is not None:
                message = f"The cookie {key} unlocks this, and anybody can write it."
                yield Believed(module, compare, message)


def _is_proven(module: Module, node: ast.expr) -> bool:
    return _proves(module, module.function(node))


def _proves(module: Module, function: Function | None) -> bool:
    return function is not None and _PROVEN.search(module.source(function)) is not None


def _plain(module: Module, node: ast.expr, depth: int = 0) -> ast.expr | None:
    """Return what a text says that anybody can take apart and put together again."""
    if depth > _MOST_STEPS:
        return None
    if isinstance(node, ast.Call):
        inner: ast.expr | None = None
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FORMS:
            inner = node.func.value
        elif _encodes(module, node):
            inner = node.args[0]
        return _plain(module, inner, depth + 1) if inner is not None else None
    if isinstance(node, ast.Name):
        given = _given(module, node)
        return node if given is None else _plain(module, given, depth + 1)
    if isinstance(node, ast.Dict | ast.JoinedStr | ast.Attribute | ast.Subscript):
        return node
    return None


def _given(module: Module, name: ast.Name) -> ast.expr | None:
    """Return what a name was last given in its function above, if that is a text put together there."""
    value = _assigned(module, name)
    if isinstance(value, ast.Call):
        is_put = last_name(value.func) in _FORMS or _encodes(module, value)
        return value if is_put else None
    return None if isinstance(value, ast.Await | ast.Attribute | ast.Subscript) else value


def _assigned(module: Module, name: ast.Name) -> ast.expr | None:
    function = module.function(name)
    found: ast.expr | None = None
    for assign in module.nodes(ast.Assign) if function is not None else ():
        is_it = any(isinstance(t, ast.Name) and t.id == name.id for t in assign.targets)
        if is_it and module.function(assign) is function and assign.lineno < name.lineno:
            found = assign.value
    return found


def _encodes(module: Module, call: ast.Call) -> bool:
    return bool(call.args) and (module.resolve(call.func) or last_name(call.func)) in _ENCODINGS


def _says_who(content: ast.expr) -> bool:
    """Whether a content of several parts holds who somebody is, and no part that only the server knows."""
    if isinstance(content, ast.Dict):
        names = [literal_text(key) for key in content.keys]
    elif isinstance(content, ast.JoinedStr):
        values = [part.value for part in content.values if isinstance(part, ast.FormattedValue)]
        names = [
            last_name(value) or (called_name(value) if isinstance(value, ast.Call) else "")
            for value in values
        ]
        if len(values) < 2:
            return False
    else:
        return False
    is_random = any(re.search("token|sign|secret|hash|mac|nonce|random|uuid|otp", name) for name in names)  # fmt: skip
    return not is_random and any(_IDENTITY.search(name) for name in names)


def _names_somebody(key: str, content: ast.expr) -> bool:
    """Whether a cookie's name says who somebody is, and so does what it is given."""
    if isinstance(content, ast.JoinedStr):
        values = [part.value for part in content.values if isinstance(part, ast.FormattedValue)]
        if len(values) != 1:
            return False
        content = values[0]
    name = literal_text(content.slice) if isinstance(content, ast.Subscript) else last_name(content)
    return _IDENTITY.search(key) is not None and (
        _IDENTITY.search(name or "") is not None or name in _OF_SOMEBODY
    )


def _reads(modules: Modules, key: str) -> Iterator[_Read]:
    for module in modules.having(key).having("ookie", "COOKIES"):
        for node in module.nodes(ast.Call, ast.Subscript):
            if _cookie(module, node) == key:
                yield _Read(module, node, module.function(node), _names_given(module, node))
        for call in module.called("Cookie"):
            function = next((f for f in module.ancestors(call) if isinstance(f, Function)), None)
            name = _parameter(call, function) if function is not None else ""
            if key in {name, known_string(module, argument(call, -1, "alias"))}:
                yield _Read(module, call, function, frozenset([name]))


def _parameter(call: ast.Call, function: Function) -> str:
    """Return the parameter that FastAPI fills with a cookie."""
    given = function.args
    every = [*given.posonlyargs, *given.args]
    pairs = [*zip(reversed(every), reversed(given.defaults), strict=False)]
    pairs += [(one, value) for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value]  # fmt: skip
    pairs += [(one, one.annotation) for one in (*every, *given.kwonlyargs) if one.annotation]
    return next((one.arg for one, value in pairs if any(n is call for n in ast.walk(value))), "")


def _names_given(module: Module, read: ast.expr) -> frozenset[str]:
    parent = module.parent(read)
    targets = parent.targets if isinstance(parent, ast.Assign) else []
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def _cookie(module: Module, node: ast.AST | None) -> str | None:
    """Return the name of the cookie that an expression reads."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        owner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and called_name(node) == "get" and node.args:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        key = node.args[0]
    else:
        return None
    is_request = isinstance(owner, ast.Attribute) and owner.attr in {"cookies", "COOKIES"}
    is_request = is_request and "request" in module.source(owner).lower()
    return known_string(module, key) if is_request else None


def _is_believed(read: _Read) -> bool:
    """Whether somebody is looked up by what a cookie says, or is refused for not having it."""
    uses: list[ast.AST] = [read.node]
    if read.function is not None:
        uses += [
            node
            for node in ast.walk(read.function)
            if isinstance(node, ast.Name)
            and node.id in read.names
            and isinstance(node.ctx, ast.Load)
        ]
    return any(_looks_up(read.module, use) or _refuses(read.module, use) for use in uses)


def _looks_up(module: Module, use: ast.AST) -> bool:
    for above in module.ancestors(use):
        if isinstance(above, ast.stmt):
            return False
        if isinstance(above, ast.Subscript) and above.slice is use:
            return True
        if isinstance(above, ast.Call) and _cookie(module, above) is None:
            is_proven = any(_SECRET.search(keyword.arg or "") for keyword in above.keywords)
            return not is_proven and _LOOKS_UP.match(called_name(above)) is not None
    return False


def _refuses(module: Module, use: ast.AST) -> bool:
    parent = module.parent(use)
    if not (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)):
        return False
    branch = module.parent(parent)
    return isinstance(branch, ast.If) and any(
        isinstance(statement, ast.Return | ast.Raise | ast.Expr)
        and _REFUSES.search(module.source(statement)) is not None
        for statement in branch.body
    )


def _compared(module: Module, compare: ast.Compare) -> str | None:
    """Return the cookie that is compared with what the code says, if its name is that of a right."""
    if len(compare.ops) != 1 or not isinstance(compare.ops[0], ast.Eq | ast.NotEq | ast.In):
        return None
    right = compare.comparators[0]
    values = right.elts if isinstance(right, ast.Tuple | ast.List | ast.Set) else [right]
    if not values or not all(isinstance(v, ast.Constant) and v.value for v in values):
        return None
    left: ast.expr | None = compare.left
    if isinstance(left, ast.Name):
        left = _assigned(module, left)
    key = _cookie(module, left)
    is_right = key is not None and _POWER.search(key) is not None
    return key if is_right and not _is_proven(module, compare) else None
