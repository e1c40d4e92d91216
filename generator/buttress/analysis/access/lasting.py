"""Whether code changes anything that is still there when a request has been answered.

A list or a mapping that a function builds for its answer is gone with it, and so is what a session keeps
for nobody but the visitor that it belongs to.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import lru_cache

from buttress.analysis.access.visitors import is_own_session
from buttress.project.literals import argument, literal_text, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CHANGES = lazy_pattern(
    r"_*(?:add|commit|save|create|insert|update|delete|remove|execute|put|append|write|upsert|store|upload|send|set_|register|archive|merge|mark|bulk|destroy|edit|publish|cancel|approve"
    r"|enable|disable|block|ban|grant|revoke|activate|deactivate|transfer|withdraw|clear|purge|rename|increment|change|modify"
    r"|reject|assign|import|apply|run|start|stop|reset|toggle|join|leave|pop|copyfileobj|unlink|rmtree|system|popen|load|parse|from_string|exec|executemany|executescript|drop)",
)
_SQL = lazy_pattern(
    r"(?i)\b(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|DROP\s+TABLE|TRUNCATE)\b"
)
_READS = lazy_pattern(r"(?i)\s*(?:SELECT|SHOW|PRAGMA|EXPLAIN)\b")
_OF_TEXTS = frozenset(dir(str)) - {"join"} | {"markdown", "markupsafe"}
"""What begins like a verb that changes something, and does not (``startswith``)."""
_MAKES_ONCE = lazy_pattern("_*(?:get|load|init|make|build)_")
_MODELS = frozenset(["messages", "completions", "responses", "embeddings", "moderations", "transcriptions", "speech", "images", "models"])  # fmt: skip
"""What clients of language models call the things that they ask for an answer (``messages.create``)."""
_CLIENTS = ("requests.", "httpx.", "aiohttp.")
"""Libraries that send requests to other systems."""
_FILLED = lazy_pattern(r"Depends|(?:Dep|Session|Connection|Database)\Z")
_WRITING = lazy_pattern(r"[wax+]")
_KEPT = frozenset(["sqlite3", "subprocess", "os", "shutil", "pathlib", "socket", "smtplib", "queue", "threading", "multiprocessing", "asyncio", "shelve", "dbm", "builtins"])  # fmt: skip
"""Modules of Python that reach beyond the function."""
_BUILDERS = frozenset(f"builtins.{name}" for name in ("dict", "list", "set", "tuple", "str", "sorted", "bytes", "bytearray"))  # fmt: skip
_COPIES = frozenset(["copy", "to_dict", "model_dump", "dict", "split", "splitlines", "json", "items", "values", "keys"])  # fmt: skip
_ANSWERS = frozenset(["jsonify", "make_response", "render_template", "redirect", "url_for", "flash", "abort", "print", "str", "int", "len", "dict", "HTTPException"])  # fmt: skip
_MOST_NAMES = 4
_BUILT = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr, ast.Constant)  # fmt: skip


def changes_anything(module: Module, node: ast.AST) -> bool:
    """Whether a function, or what a class holds, may change something that outlives a request.

    What a function makes once and keeps for the next call of it is the same for everybody.
    """
    keeps_once = isinstance(node, ast.FunctionDef) and _MAKES_ONCE.match(node.name) is not None
    marks = node.decorator_list if isinstance(node, Function | ast.ClassDef) else []
    return any(
        _lasts(module, part)
        for part in module.inside(node)
        if part not in marks and not (keeps_once and isinstance(part, ast.Global))
    )


def does_nothing(module: Module, function: Function) -> bool:
    """Whether a function only puts together an answer, as one does that is yet to be written."""
    return all(
        isinstance(statement, ast.Return | ast.Pass | ast.Raise)
        or (isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Await))
        for statement in function.body
    ) and all(
        called_name(call) in _ANSWERS or called_name(call).endswith("Response")
        for statement in function.body
        for call in module.inside(statement)
        if isinstance(call, ast.Call)
    )


def _lasts(module: Module, part: ast.AST) -> bool:
    if isinstance(part, ast.Call):
        return _call_changes(module, part)
    if isinstance(part, ast.Constant):
        return isinstance(part.value, str) and _SQL.search(part.value) is not None
    if isinstance(part, ast.Global):
        return True
    targets: list[ast.expr] = []
    if isinstance(part, ast.Assign | ast.Delete):
        targets = part.targets
    elif isinstance(part, ast.AugAssign):
        targets = [part.target]
    return any(_is_shared(module, target) for target in targets)


def _is_shared(module: Module, target: ast.expr) -> bool:
    """Whether an item or attribute is set of what the module, or a dependency, keeps for all requests."""
    if not isinstance(target, ast.Subscript | ast.Attribute):
        return False
    name, function = _root(target), module.function(target)
    names = {getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(target)}
    if not name or function is None or name in {"self", "cls", "g"} or "session" in names:
        return False
    given = _given(module, function, name)
    if name in filled_by_framework(function) or not (given or name in _parameters(function)):
        return True
    kept = {kept for kept, _ in module.given_at_top()}
    return any(_root(value) in kept or _root(value).isupper() for value in given)


def _call_changes(module: Module, call: ast.Call) -> bool:
    name = called_name(call)
    if name == "open":
        return any(_WRITING.search(text) for mode in call.args[1:2] for text in strings_in(mode))
    resolved = module.resolve(call.func) or ""
    if name in {"post", "patch"} and _is_of_client(module, call):
        return name == "patch" or _tells_to_change(module, call)
    if not _CHANGES.match(name.lower()) or name in _OF_TEXTS:
        return False
    if resolved.startswith(("os.path.", "flask.session", "builtins.")):
        return False
    if name.startswith("execute") or name == "exec":
        return not (call.args and _only_reads(module, call.args[0]))
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is None:
        return True
    if name in {"create", "parse"} and _asks_model(call, owner):
        return False
    return not _is_temporary(module, owner)


def _asks_model(call: ast.Call, owner: ast.expr) -> bool:
    """Whether a call asks a language model, which it names; a message to a person has none."""
    names = {keyword.arg for keyword in call.keywords}
    is_named = "model" in names or None in names
    return is_named and written(owner).rpartition(".")[2] in _MODELS


def _is_of_client(module: Module, call: ast.Call) -> bool:
    """Whether a call sends a request to another system, by a module or by a session made there."""
    if (module.resolve(call.func) or "").startswith(_CLIENTS):
        return True
    function, root = module.function(call), _root(call.func)
    given = _given(module, function, root) if function is not None and root else []
    makers = [module.resolve(value.func) or "" for value in given if isinstance(value, ast.Call)]
    return any(maker.startswith(_CLIENTS) for maker in makers)


def _tells_to_change(module: Module, call: ast.Call) -> bool:
    """Whether the address of a request ends with what is to be done there (``/sendMessage``)."""
    address = argument(call, 0, "url")
    function = module.function(call)
    values = [address] if address is not None else []
    if isinstance(address, ast.Name) and function is not None:
        values = _given(module, function, address.id) or values
    return any(_CHANGES.match(_last_step(value)) for value in values)


def _last_step(address: ast.expr) -> str:
    """Return what stands behind the last slash of an address, as far as it is a literal."""
    if isinstance(address, ast.BinOp):
        address = address.right
    if isinstance(address, ast.JoinedStr) and address.values:
        address = address.values[-1]
    return literal_text(address).rstrip("/").rpartition("/")[2].lower()


def _is_temporary(module: Module, node: ast.expr, names: frozenset[str] = frozenset()) -> bool:
    """Whether an object is built in this function, or belongs to the answer.

    Args:
        module: The file.
        node: The object.
        names: The names that led to it: what they are given of their own (``node = node["next"]``)
            says nothing of where they come from.
    """
    node = _whole(node)
    if isinstance(node, _BUILT) or is_own_session(module, node):
        return True
    if isinstance(node, ast.Call):
        target = module.resolve(node.func) or ""
        package = target.partition(".")[0]
        is_builder = target in _BUILDERS or called_name(node).endswith(("Response", "response"))
        is_pure = package in sys.stdlib_module_names and package not in _KEPT
        return is_builder or is_pure or called_name(node) in _COPIES
    if isinstance(node, ast.Attribute):
        is_own = written(node.value).rpartition(".")[2] in {"request", "req", "response", "resp"}
        return is_own and node.attr in {"session", "headers", "cookies"}
    if not isinstance(node, ast.Name):
        return False
    if node.id in {"response", "resp"}:
        return True
    function = module.function(node)
    names |= {node.id}
    given = [
        value
        for value in (_given(module, function, node.id) if function is not None else ())
        if written(_whole(value)) not in names
    ]
    return bool(given) and all(
        not isinstance(value, ast.Name)
        and len(names) <= _MOST_NAMES
        and _is_temporary(module, value, names)
        for value in given
    )


def _whole(node: ast.expr) -> ast.expr:
    """Return what an item is of (``data`` for ``data["user"]["name"]``), other objects as they are."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _only_reads(module: Module, node: ast.expr, depth: int = 0) -> bool:
    """Whether a statement of SQL, as text or as ``select(...)``, only asks for something."""
    if depth > 3:
        return False
    if isinstance(node, ast.Constant | ast.JoinedStr):
        first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
        return _READS.match(literal_text(first)) is not None
    if isinstance(node, ast.BinOp):
        return _only_reads(module, node.left, depth + 1)
    if isinstance(node, ast.Name):
        function = module.function(node)
        given = _given(module, function, node.id) if function is not None else []
        return bool(given) and all(
            _only_reads(module, value, depth + 1) or _root(value) == node.id for value in given
        )
    while isinstance(node, ast.Call | ast.Attribute):
        if isinstance(node, ast.Call) and called_name(node) in {"select", "text"}:
            is_select = called_name(node) == "select"
            return is_select or (bool(node.args) and _only_reads(module, node.args[0], depth + 1))
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _given(module: Module, function: Function, name: str) -> list[ast.expr]:
    """Return what a name is given in a function, by assignments, loops and ``with``."""
    return [value for found, value in _bindings(module, function) if found == name]


@lru_cache(maxsize=32)
def _bindings(module: Module, function: Function) -> tuple[tuple[str, ast.expr], ...]:
    found: list[tuple[str, ast.expr]] = []
    for part in module.inside(function):
        pairs: Iterator[tuple[ast.expr, ast.expr]] = iter(())
        if isinstance(part, ast.Assign):
            pairs = ((target, part.value) for target in part.targets)
        elif isinstance(part, ast.AnnAssign | ast.NamedExpr) and part.value is not None:
            pairs = iter([(part.target, part.value)])
        elif isinstance(part, ast.For | ast.AsyncFor | ast.comprehension):
            pairs = iter([(part.target, part.iter)])
        elif isinstance(part, ast.withitem) and part.optional_vars is not None:
            pairs = iter([(part.optional_vars, part.context_expr)])
        for target, value in pairs:
            found += [(n.id, value) for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]  # fmt: skip
    return tuple(found)


def _parameters(function: Function) -> frozenset[str]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return frozenset(argument.arg for argument in every)


def filled_by_framework(function: Function) -> frozenset[str]:
    """Return the parameters that a framework fills with what it keeps (``store=Depends(get_store)``)."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d]
    filled = {a.arg for a, d in pairs if isinstance(d, ast.Call) and called_name(d) == "Depends"}
    return frozenset(filled) | {
        argument.arg
        for argument in (*positional, *arguments.kwonlyargs)
        if argument.annotation is not None and _FILLED.search(ast.unparse(argument.annotation))
    }


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return written(node) if isinstance(node, ast.Name) else ""
