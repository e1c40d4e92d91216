"""Put a recipe to work in the user's code: one visible line after the app object is made.

The line stands right behind the app object, because what comes later in the user's code may already log or
fail, and because a handler that the user registers later replaces ours, not the other way round. What has to
run outside of all middleware must not depend on where its line stands: the recipe's function sees to that.
Lines of several recipes stand in the order that their manifests give.

    app = FastAPI()
    install_logging(app)
    install_error_handlers(app)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from buttress.planning.templating import render
from buttress.project.model import AppObject, Role, Service
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.own_modules import own_module_name
from buttress.source import Edit, Module, Tree
from buttress.source.imports import Import, local_name

_EXPORTERS = frozenset(
    [
        "fastapi",
        "flask",
        "flask_login",
        "flask_sqlalchemy",
        "peewee",
        "pydantic",
        "sqlalchemy",
        "sqlmodel",
        "starlette",
        "wtforms",
    ]
)
"""Packages whose star imports are known not to bring a name like those of our functions."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one recipe.

    Attributes:
        order: Where it stands among the lines of other recipes.
        safety: What it may alter.
        reason: Why it is there, for the reviewer.
        module: The recipe's module inside the service's package.
        function: What is called.
        call: Template of the statement, over ``function`` and ``app`` and ``values``.
        values: The recipe's answers.
    """

    order: int
    safety: Safety
    reason: str
    module: str
    function: str
    call: str
    values: Mapping[str, object] = field(default_factory=dict)

    def written(self, function: str, app: str) -> str:
        """Return the statement, with the names that the user's code knows them by."""
        values = {**self.values, "function": function, "app": app}
        return render(self.call, values, f"the call of {self.function}")


def wire(tree: Tree, service: Service, line: Line, orders: Mapping[str, int]) -> Iterator[Outcome]:
    """Yield what becomes of the app objects of a service: the deployed one gets the line.

    Args:
        tree: The files, with the recipe's own module in them.
        service: The service.
        line: The line to place.
        orders: The order of every recipe's line, by the name of its function.
    """
    app = service.app
    standing = _standing_call(tree, service, line)
    if standing is not None:
        yield standing
    else:
        yield _place(tree, service, line, orders)
    for other in service.apps[1:]:
        if other.framework is app.framework and other.place.path in service.reachable:
            yield _abstained(
                other,
                line,
                "other-app",
                f"only the app that is deployed, {app.target}, was wired; this is another one",
                f"If this one is served by itself, call `{line.function}` for it, too.",
            )


def _standing_call(tree: Tree, service: Service, line: Line) -> Good | None:
    """Return the call of the recipe's function, wherever it stands in the app's code."""
    for path in service.files(Role.APP):
        text = tree.text(path)
        if text is None or line.function not in text.content:
            continue
        module = tree.module(path)
        for call in module.nodes(ast.Call):
            target = module.resolve(call.func)
            if target and target.endswith(f"{line.module}.{line.function}"):
                return Good(path, call.lineno)
    return None


def _place(tree: Tree, service: Service, line: Line, orders: Mapping[str, int]) -> Outcome:
    app = service.app
    if app.place.path not in tree or tree.module(app.place.path).problem is not None:
        return _abstained(app, line, "unparsed", "the file that makes the app does not parse")
    module = tree.module(app.place.path)
    call = _call_at(module, app)
    if call is None:
        return _abstained(app, line, "unknown-app", "the call that makes the app was not found")
    statement = module.statement(call)
    reason = _unfit(module, app, call, statement)
    if reason is not None:
        return _abstained(app, line, *reason)
    anchor = _anchor(module, app, statement, line, orders)
    if anchor is None:
        reason = "shared-line", "another statement stands on the line of the app object"
        return _abstained(app, line, *reason)
    wanted = Import(own_module_name(module, service, line.module), line.function)
    folder = service.package_folder + "/" if service.package_folder else ""
    local = _local_name(module, wanted, tree, f"{folder}{line.module}.py")
    if local is None:
        reason = "name-taken", f"the name {line.function} may stand for something else here"
        return _abstained(app, line, *reason)
    text = line.written(local, app.name)
    return Changed(
        module.path,
        statement.lineno,
        (_line_after(module, anchor, module.indent(statement) + text),),
        line.safety,
        line.reason,
        (wanted,),
    )


def _abstained(
    app: AppObject, line: Line, code: str, reason: str, unlock: str | None = None
) -> Abstained:
    if unlock is None:
        call = line.written(line.function, app.name or "app")
        unlock = f"Call `{call}` right after the app object is made."
    return Abstained(app.place.path, app.place.line, code, reason, unlock)


def _call_at(module: Module, app: AppObject) -> ast.Call | None:
    for call in module.nodes(ast.Call):
        if (call.lineno, call.col_offset + 1) == (app.place.line, app.place.column):
            return call
    on_line = [call for call in module.nodes(ast.Call) if call.lineno == app.place.line]
    return on_line[0] if app.place.column == 1 and len(on_line) == 1 else None


def _unfit(
    module: Module, app: AppObject, call: ast.Call, statement: ast.stmt
) -> tuple[str, str] | None:
    """Return the code and the reason why no line can follow the statement that makes the app."""
    if not app.name or not isinstance(statement, ast.Assign | ast.AnnAssign):
        return "unnamed-app", "no variable holds the app object"
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if app.name.removesuffix(".app") not in {ast.unparse(t).removesuffix(".app") for t in targets}:
        return "unnamed-app", "no variable holds the app object alone"
    if not _is_value(call, statement):
        return "conditional-app", "the variable does not hold the app object in every case"
    above = module.parent(statement)
    if not isinstance(above, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
        return "conditional-app", "the app object is made inside of another statement"
    if not isinstance(above, ast.Module) and above.body[0].lineno == above.lineno:
        return "shared-line", "the function stands on one line"
    return None


def _is_value(call: ast.Call, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the statement assigns the call, or one of two calls of the same class."""
    value = statement.value
    if value is call:
        return True
    if not isinstance(value, ast.IfExp):
        return False
    branches = (value.body, value.orelse)
    return call in branches and all(
        isinstance(branch, ast.Call) and ast.dump(branch.func) == ast.dump(call.func)
        for branch in branches
    )


def _anchor(
    module: Module, app: AppObject, statement: ast.stmt, line: Line, orders: Mapping[str, int]
) -> ast.stmt | None:
    """Return the statement that the line follows; ``None`` if something shares its last line."""
    above = module.parent(statement)
    body: list[ast.stmt] = getattr(above, "body", [])
    index = body.index(statement)
    for position in range(index + 1, len(body)):
        name = _recipe_function(module, body[position], app.name)
        if name in orders and (orders[name], name) < (line.order, line.function):
            index = position
    anchor = body[index]
    following = body[index + 1] if index + 1 < len(body) else None
    if following is not None and following.lineno == anchor.end_lineno:
        return None
    return anchor


def _recipe_function(module: Module, statement: ast.stmt, app: str) -> str:
    """Return the name of the function that a statement calls with the app, as its module calls it."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return ""
    call = statement.value
    if not call.args or ast.unparse(call.args[0]) != app:
        return ""
    return (module.resolve(call.func) or "").rpartition(".")[2]


def _line_after(module: Module, statement: ast.stmt, text: str) -> Edit:
    _, end = module.line_span(statement.end_lineno or statement.lineno)
    if module.text[end - 1] in "\r\n":
        return Edit(end, end, text + module.newline)
    return Edit(end, end, module.newline + text)


def _local_name(module: Module, wanted: Import, tree: Tree, owned: str) -> str | None:
    """Return the name under which the function can be used in the module, if it can be.

    Args:
        module: The file that uses it.
        wanted: The import.
        tree: All files.
        owned: The recipe's own file, which defines the name.
    """
    name = local_name(module, wanted)
    if name is not None or module.uses(wanted.local):
        return name
    for node in module.nodes(ast.ImportFrom):
        if node.names[0].name == "*" and not _cannot_bring(node, wanted.local, tree, owned):
            return None
    return wanted.local


def _cannot_bring(node: ast.ImportFrom, name: str, tree: Tree, owned: str) -> bool:
    """Whether a star import surely brings no such name: no file of the project writes it so."""
    root = (node.module or "").split(".")[0]
    if not node.level and (root in sys.stdlib_module_names or root in _EXPORTERS):
        return True
    is_own = node.level > 0 or any(
        path.endswith((f"{root}.py", f"{root}/__init__.py")) or f"{root}/" in path
        for path in tree.python_paths()
    )
    others = (path for path in tree.python_paths() if path != owned)
    return is_own and not any(_binds(tree, path, name) for path in others)


def _binds(tree: Tree, path: str, name: str) -> bool:
    text = tree.text(path)
    return text is not None and name in text.content and tree.module(path).binds(name)
