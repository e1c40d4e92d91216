"""Cookies that say who somebody is, or what somebody may do, and that nothing signs."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.once import once_for_module
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

    key: str
    node: ast.expr
    function: Function | None
    names: frozenset[str]


def believed_cookies(modules: Modules) -> Iterator[Believed]:
    """Yield the cookies that are set without a signature and read as who somebody is, and those that unlock something.

    Where anything in the function signs, encrypts or verifies, it is taken for that.
    """
    known: dict[str, tuple[bool, bool]] = {}
    named: set[str] = set()
    for module, call in modules.called("set_cookie"):
        key = known_string(module, argument(call, 0, "key"))
        value = argument(call, 1, "value")
        if not key or value is None or key in named or _is_proven(module, call):
            continue
        content = _plain(module, value)
        is_whole = content is not None and _says_who(content)
        if content is None or not (is_whole or _names_somebody(key, content)):
            continue
        if key not in known:
            known[key] = _uses(modules, key)
        is_read, is_asked = known[key]
        if is_asked or (is_whole and is_read):
            named.add(key)
            message = f"Nothing signs the cookie {key}: who edits it is somebody else."
            yield Believed(module, call, message)
    for module in modules.having("cookies", "COOKIES"):
        for compare in module.nodes(ast.Compare):
            key = _compared(module, compare)
            if key is not None:
                message = f"The cookie {key} unlocks this, and anybody can write it."
                yield Believed(module, compare, message)


def _uses(modules: Modules, key: str) -> tuple[bool, bool]:
    """Return whether a cookie is read unproven, and whether somebody is looked up by it, or refused without it."""
    is_read = False
    for module in modules.having(key).having("ookie", "COOKIES"):
        uses: dict[ast.AST, None] = {}
        for read in _reads(module):
            if read.key == key and not _proves(module, read.function):
                is_read = True
                uses[read.node] = None
                for name in read.names:
                    uses.update(dict.fromkeys(_loads(module).get((read.function, name), ())))
        if any(_looks_up(module, use) or _refuses(module, use) for use in uses):
            return True, True
    return is_read, False


def _is_proven(module: Module, node: ast.expr) -> bool:
    return _proves(module, module.function(node))


def _proves(module: Module, function: Function | None) -> bool:
    if function is None:
        return False
    lines = _proving_lines(module)
    first = bisect_left(lines, function.lineno)
    return first < len(lines) and lines[first] <= (function.end_lineno or function.lineno)


@once_for_module
def _proving_lines(module: Module) -> list[int]:
    """Return the numbers of the lines that speak of a signature, or of what is encrypted."""
    lines = module.text.split("\n")
    return [number for number, line in enumerate(lines, 1) if _PROVEN.search(line)]


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
    found = _assignments(module).get((module.function(name), name.id), [])
    above = bisect_left(found, name.lineno, key=lambda assign: assign.lineno)
    return found[above - 1].value if above else None


@once_for_module
def _assignments(module: Module) -> dict[tuple[Function | None, str], list[ast.Assign]]:
    """Return what functions give names, in the order of the lines."""
    found: dict[tuple[Function | None, str], list[ast.Assign]] = {}
    for assign in sorted(module.nodes(ast.Assign), key=lambda assign: assign.lineno):
        function = module.function(assign)
        for target in assign.targets if function is not None else ():
            if isinstance(target, ast.Name) and function is not None:
                found.setdefault((function, target.id), []).append(assign)
    return found


@once_for_module
def _loads(module: Module) -> dict[tuple[Function | None, str], list[ast.Name]]:
    """Return where functions use names."""
    found: dict[tuple[Function | None, str], list[ast.Name]] = {}
    for name in module.nodes(ast.Name):
        if isinstance(name.ctx, ast.Load):
            found.setdefault((module.function(name), name.id), []).append(name)
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


@once_for_module
def _reads(module: Module) -> list[_Read]:
    """Return where cookies are read."""
    found = []
    for node in (*module.nodes(ast.Call), *module.nodes(ast.Subscript)):
        key = _cookie(module, node)
        if key is not None:
            found.append(_Read(key, node, module.function(node), _names_given(module, node)))
    for call in module.called("Cookie"):
        function = next((f for f in module.ancestors(call) if isinstance(f, Function)), None)
        name = _parameter(call, function) if function is not None else ""
        key = known_string(module, argument(call, -1, "alias")) or name
        found.append(_Read(key, call, function, frozenset([name])))
    return found


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
