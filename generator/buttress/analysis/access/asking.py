"""Asking who is calling: functions, dependencies, annotations and classes that do.

Names are followed through imports, dependencies and calls of the project's own, a few steps deep.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.access.authentication import is_guard_name, logs_in_elsewhere
from buttress.analysis.access.refusing import turns_away
from buttress.analysis.access.visitors import is_own_session
from buttress.analysis.definitions import classes_of, definitions_of
from buttress.project.literals import last_name, literal_text, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

LIBRARIES = (
    "fastapi.security.", "flask_login.login_required", "flask_login.current_user", "flask_jwt_extended.jwt_required",
    "flask_jwt_extended.verify_jwt_in_request", "flask_jwt_extended.get_jwt", "flask_httpauth.", "fastapi_users.",
    "flask_security.", "flask_praetorian.", "fastapi_login.", "flask_principal.", "flask_user.",
    "django.contrib.auth.decorators.", "django.contrib.auth.mixins.", "django.contrib.admin.views.decorators.",
    "starlette.authentication.requires", "firebase_admin.auth.verify_id_token", "rest_framework_simplejwt.authentication.",
)  # fmt: skip
_WRITTEN = "flask_login.current_user.__dict__"
_DECODERS = frozenset(
    [
        "jwt.decode",
        "jose.jwt.decode",
        "authlib.jose.jwt.decode",
        "firebase_admin.auth.verify_id_token",
    ]
)
_MIXINS = lazy_pattern(
    r"(?:Login|Auth\w*|Permission|UserPasses|Staff|Superuser|Admin|Owner|Access)\w*(?:Required|Test|Permission|Only)?\w*(?:Mixin|View)?\Z"
)
BODY = lazy_pattern(
    r"\b(?:request|req|self\.request|info\.context|websocket)\.(?:user\b(?!_agent)|state\.(?:user|current|account|auth)|auth\b)"
    r"|\bcurrent_user\.(?:is_|id\b|role|has_)"
    r"|\bg\.(?:user|current_user|account|auth)"
    r"|\bsession(?:\.get\(\s*|\[\s*|\.pop\(\s*)[\"'][\w-]{0,40}(?:user|login|logged|auth|admin|uid)[\w-]{0,40}[\"']"
    r"|[\"'][\w-]{0,40}(?:user|logged|auth|admin)[\w-]{0,40}[\"']\s+(?:not\s+)?in\s+(?:flask\.)?session\b"
    r"|headers(?:\.get\(\s*|\[\s*)[\"'](?:authorization|x-api-key|x-auth-token|x-[\w-]{0,40}(?:token|secret|key|auth)[\w-]{0,40})[\"'](?!\s*\]\s*=[^=])"
    r"|cookies(?:\.get\(\s*|\[\s*)[\"'][\w-]{0,40}(?:session|token|auth|sid|jwt|user)[\w-]{0,40}[\"']"
    r"|\.is_authenticated\b|\bcompare_digest\(|\brequest\.authorization\b"
    # who is not in the session is sent to the login, whatever the key is called; a role names nobody
    r"|[\"'](?!role)[\w-]+[\"']\s+not\s+in\s+(?:flask\.)?session\s*:\s*(?:flash\([^\n]*\)\s*)?return\s+redirect\([^\n]*(?:log_?in|sign_?in)"
    # the user of a request is looked for, and without one it ends
    r"|=\s*(?:await\s+)?\w*(?:user|account|member)\w*\(\s*request\b[^\n]*\n\s*if\s+(?:not\s+\w+|\w+\s+is\s+None)\s*:\s*(?:return|raise)\b",
    re.IGNORECASE,
)
DEEPEST = 3
"""How far calls, dependencies and base classes are followed."""


_DECORATORS = frozenset(["decorators", "method_decorators"])
_FIRST = frozenset(["dispatch", "initial", "check_permissions"])
_DEPENDS = frozenset(["Depends", "Security"])
_DEMANDS = lazy_pattern(
    r"^_*(?:require|ensure|enforce|verify|demand|must)s?(?:_|[A-Z])|_(?:required|only)\Z|admin",
)
_OF_REQUESTS = lazy_pattern(
    r"(?:^|_)(?:csrf|rate|limit|captcha|origin|json|content|body|size|quota)", re.IGNORECASE
)
_PARAMETERS = frozenset(["authorization", "x_api_key", "x_token", "x_auth_token"])


class Asking:
    """Tells which code asks who is calling.

    Args:
        project: The facts.
        service: The service.
    """

    def __init__(self, project: Project, service: Service) -> None:
        self._own = own_modules(project.tree)
        self._service = service
        self._asked: dict[tuple[str, int], bool] = {}
        self._values: dict[Module, dict[str, ast.expr | None]] = {}

    def dependencies(self, module: Module, node: ast.expr | None) -> bool:
        """Whether anything named in a list of dependencies asks."""
        if node is None:
            return False
        return any(
            self.expression(module, part)
            for part in module.inside(node)
            if isinstance(part, (ast.Name, ast.Attribute))
        )

    def expression(self, module: Module, node: ast.expr, depth: int = 0) -> bool:
        """Whether a decorator, dependency or callable asks who is calling."""
        if isinstance(node, ast.Call):
            if called_name(node) in {
                "Depends",
                "Security",
                "Annotated",
                "route",
                "api_route",
            } or any(keyword.arg == "dependencies" for keyword in node.keywords):
                parts = [
                    *node.args,
                    *(k.value for k in node.keywords if k.arg in {"dependency", "dependencies"}),
                ]
                return any(
                    self.expression(module, part, depth)
                    or (called_name(node) in _DEPENDS and self._demands_unseen(module, part))
                    for part in parts
                )
            if called_name(node) == "permission_classes" and node.args:
                return denies(node.args[0])
            if called_name(node) == "method_decorator" and node.args:
                return self.expression(module, node.args[0], depth)
            return self.expression(module, node.func, depth)
        if isinstance(node, (ast.List, ast.Tuple)):
            return any(self.expression(module, item, depth) for item in node.elts)
        if not isinstance(node, (ast.Name, ast.Attribute)) or depth > DEEPEST:
            return False
        last = node.attr if isinstance(node, ast.Attribute) else node.id
        resolved = module.resolve(node) or ""
        if resolved.startswith(LIBRARIES) or resolved in _DECODERS or is_guard_name(last):
            return True
        for other, function in definitions_of(self._own, self._service, module, node):
            # a dependency that refuses some asks, but not where it is about forms without a token
            is_csrf = "csrf" in function.name.lower()
            if self.function(other, function, depth + 1) or (
                not is_csrf and turns_away(other, function)
            ):
                return True
        if any(self._is_asking_class(other, k, depth) for other, k in self.classes(module, node)):
            return True
        return self._is_scheme(module, node)

    def _demands_unseen(self, module: Module, node: ast.expr) -> bool:
        """Whether a dependency says by its name what it demands, and its code is not to be seen.

        What it does nobody can tell: a route that asks for it is none that was forgotten.
        """
        while isinstance(node, ast.Call):
            node = node.func
        name = last_name(node)
        if not _DEMANDS.search(name) or _OF_REQUESTS.search(name):
            return False
        seen = any(definitions_of(self._own, self._service, module, node))
        return not seen and not any(self.classes(module, node)) and not self._value_of(module, node)

    def _is_asking_class(self, module: Module, klass: ast.ClassDef, depth: int) -> bool:
        """Whether objects of a class ask when they are called: schemes, and what inherits them."""
        if any(self.expression(module, base, depth + 1) for base in klass.bases):
            return True
        return any(
            isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
            and item.name == "__call__"
            and self.function(module, item, depth + 1)
            for item in klass.body
        )

    def _is_scheme(self, module: Module, node: ast.expr) -> bool:
        """Whether a name is an object of a security class, or an alias of ``Annotated``."""
        found = self._value_of(module, node)
        if found is None:
            return False
        other, value = found
        if isinstance(value, ast.Call):
            resolved = other.resolve(value.func) or ""
            return resolved.startswith(LIBRARIES) or is_guard_name(called_name(value))
        return isinstance(value, ast.Subscript) and self.annotation(other, value)

    def _value_of(self, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
        dotted = module.resolve(node)
        if dotted is None:
            found = (module.path, node.id) if isinstance(node, ast.Name) else None
        else:
            found = self._own.symbol(dotted, module.path, self._service.import_root)
        if found is None or not found[1]:
            return None
        other = self._own.tree.module(found[0])
        value = self._values_in(other).get(found[1])
        return (other, value) if value is not None else None

    def _values_in(self, module: Module) -> dict[str, ast.expr | None]:
        """Return what the names at the top of a module are first given."""
        if module not in self._values:
            values: dict[str, ast.expr | None] = {}
            for name, value in module.given_at_top():
                values.setdefault(name, value)
            self._values[module] = values
        return self._values[module]

    def annotation(self, module: Module, node: ast.expr) -> bool:
        """Whether an annotation asks: ``Annotated`` with a dependency, or an alias of one."""
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return any(
                (
                    self.expression(module, part)
                    if isinstance(part, ast.Call)
                    else self.annotation(module, part)
                )
                for part in parts
            )
        if isinstance(node, (ast.Name, ast.Attribute)):
            last = node.attr if isinstance(node, ast.Attribute) else node.id
            if re.search(
                r"(?:Current|Authenticated|Logged|Active)\w*(?:User|Account|Admin|Superuser)", last
            ):
                return True
            found = self._value_of(module, node)
            return (
                found is not None
                and isinstance(found[1], ast.Subscript)
                and self.annotation(found[0], found[1])
            )
        return isinstance(node, ast.BinOp) and (
            self.annotation(module, node.left) or self.annotation(module, node.right)
        )

    def function(self, module: Module, function: Function, depth: int = 0) -> bool:
        """Whether a function, or one that it calls, asks who is calling."""
        key = (module.path, function.lineno)
        if key not in self._asked:
            self._asked[key] = False  # for functions that call themselves
            self._asked[key] = self._works_out(module, function, depth)
        return self._asked[key]

    def _works_out(self, module: Module, function: Function, depth: int) -> bool:
        if any(self._parameters(module, function)) or BODY.search(module.source(function)):
            return True
        if depth and any(self.expression(module, mark) for mark in function.decorator_list):
            return True
        for node in module.inside(function):
            # what a factory of dependencies gives back asks by its own parameters
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node is not function:
                if any(self._parameters(module, node)):
                    return True
                continue
            if isinstance(node, ast.Subscript) and _is_own_id(module, node):
                return True
            if not isinstance(node, ast.Call) or node in function.decorator_list:
                continue
            resolved = module.resolve(node.func) or ""
            if resolved.startswith(_WRITTEN):
                continue  # what an object is set to can be done to a stranger's, too
            if logs_in_elsewhere(node):
                continue
            if (
                is_guard_name(called_name(node))
                or resolved.startswith(LIBRARIES)
                or resolved in _DECODERS
            ):
                return True
            if depth < DEEPEST and any(
                self.function(other, called, depth + 1)
                for other, called in definitions_of(self._own, self._service, module, node.func)
                if called is not function
            ):
                return True
        return False

    def _parameters(self, module: Module, function: Function) -> Iterator[bool]:
        """Yield for every parameter whether it asks."""
        yield from (True for _ in self.callers(module, function))

    def callers(self, module: Module, function: Function) -> Iterator[str]:
        """Yield the parameters by which a function knows who is calling."""
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        for argument, default in (
            *zip(positional, [*missing, *arguments.defaults], strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ):
            # a dependency may have a name of its own: `signed_in = Depends(current_user)`
            kept = self._value_of(module, default) if isinstance(default, ast.Name) else None
            home, value = kept or (module, default)
            is_dependency = isinstance(value, ast.Call) and called_name(value) in _DEPENDS
            if (
                argument.arg in _PARAMETERS
                or (is_dependency and value is not None and self.expression(home, value))
                or (argument.annotation and self.annotation(module, argument.annotation))
            ):
                yield argument.arg

    def classes(self, module: Module, node: ast.expr) -> Iterator[tuple[Module, ast.ClassDef]]:
        """Yield the class of the project that an expression names, at most one."""
        return classes_of(self._own, self._service, module, node)

    def view(self, module: Module, klass: ast.ClassDef, depth: int = 0) -> bool:
        """Whether a view class asks: by an attribute, a method, a decorator or a base class."""
        if any(self._statement(module, item) for item in klass.body):
            return True
        for mark in klass.decorator_list:
            arguments = mark.args if isinstance(mark, ast.Call) else []
            if any(self.expression(module, part) for part in (mark, *arguments)):
                return True
        for base in klass.bases:
            resolved = module.resolve(base) or written(base)
            last = resolved.rpartition(".")[2]
            if resolved.startswith(LIBRARIES) or (_MIXINS.match(last) and "Mixin" in last):
                return True
            if depth < DEEPEST and any(
                self.view(other, above, depth + 1)
                for other, above in self.classes(module, base)
                if above is not klass
            ):
                return True
        return False

    def _statement(self, module: Module, item: ast.stmt) -> bool:
        if isinstance(item, ast.Assign):
            names = {t.id for t in item.targets if isinstance(t, ast.Name)}
            if "permission_classes" in names and denies(item.value):
                return True
            is_list = isinstance(item.value, (ast.List, ast.Tuple))
            return bool(names & _DECORATORS) and is_list and self.expression(module, item.value)
        if isinstance(item, ast.AnnAssign):
            # a view class whose attributes are dependencies
            is_given = isinstance(item.value, ast.Call) and called_name(item.value) in _DEPENDS
            asks = is_given and item.value is not None and self.expression(module, item.value)
            return asks or self.annotation(module, item.annotation)
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return item.name in {"get_permissions", "test_func"} or (
                item.name in _FIRST and self.function(module, item)
            )
        return False


def _is_own_id(module: Module, node: ast.Subscript) -> bool:
    """Whether the id is read that the login left in the session: without it, this raises."""
    is_read = isinstance(node.ctx, ast.Load) and literal_text(node.slice) in {"id", "_id"}
    return is_read and is_own_session(module, node.value)


def denies(node: ast.expr) -> bool:
    """Whether a list of permission classes refuses anybody."""
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    names = {written(item).rpartition(".")[2] or "expression" for item in items}
    return bool(names - {"AllowAny"})
