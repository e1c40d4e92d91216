"""Which fields classes have, those that carry rights among them: models of requests, forms, stored objects.

A field that takes nothing but values which the code lists, none of which stands for more rights than
others, carries none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from buttress.analysis.definitions import classes_of
from buttress.project.literals import argument, constant, last_name, strings_in, written
from buttress.project.model import Service
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

RIGHTS = lazy_pattern(
    r"(?:is|has)?_?(?:admin|administrator|super_?user|super_?admin|staff|moderator)(?:_rights)?\Z",
    re.IGNORECASE,
)
"""Names of fields that say of an object that it may do more than others."""
ROLES = lazy_pattern(
    r"(?:user|account|member)?_?roles?(?:_?id)?\Z|(?:user|account)_?type\Z|access_?level\Z",
    re.IGNORECASE,
)
"""Names of fields that say what somebody may do, where they belong to an account."""
POWERFUL = lazy_pattern(
    r"(?:super|system|site)?[_ -]?(?:admin|administrator|user_?admin|superuser|super_user|root|staff|moderator|manager|owner)\Z",
    re.IGNORECASE,
)
"""Values of roles that stand for more rights than others have."""
_POWER = lazy_pattern(
    r"(?:super|system|site)?[_ -]?(?:admin|administrator|superuser)\Z", re.IGNORECASE
)
_POWER_WORD = lazy_pattern("admin|superuser", re.IGNORECASE)
_PASSWORD = lazy_pattern(r"passw(?:or)?d|\bpwd\b", re.IGNORECASE)
ACCOUNT = lazy_pattern(
    r"(?:^|_|[a-z])(?:User|Account|Member|Employee|Admin)s?\Z|^(?:users?|accounts?|members?|employees?|admins?)(?:_?(?:collection|table|tbl|col|db|info|accounts?))?\Z",
)
"""Names of classes, tables and collections of those who log in."""
_OF_DJANGO = {
    "AbstractUser": frozenset(["password", "is_superuser", "is_staff", "username", "email"]),
    "AbstractBaseUser": frozenset(["password"]),
    "PermissionsMixin": frozenset(["is_superuser"]),
}
DJANGO_USERS = frozenset(
    ["django.contrib.auth.models.User", "django.contrib.auth.get_user_model()"]
)
_MODELS = frozenset(["pydantic.BaseModel", "pydantic.main.BaseModel", "sqlmodel.SQLModel", "pydantic.v1.BaseModel"])  # fmt: skip
_STORED = frozenset(["Model", "Document", "DynamicDocument", "AbstractUser", "AbstractBaseUser", "DeclarativeBase", "Table"])  # fmt: skip
_FORMS = ("wtforms.", "flask_wtf.", "django.forms.")
_VALIDATORS = frozenset(["validator", "field_validator", "root_validator", "model_validator"])
_CHOOSING = frozenset(["choices", "pattern", "regex"])
_DEEPEST = 5


class Kind(StrEnum):
    """``schema``: describes requests; ``stored``: rows or documents; ``both``: one class for the two."""

    SCHEMA = "schema"
    STORED = "stored"
    BOTH = "both"
    OTHER = "other"


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """The fields of a class of the project.

    Attributes:
        name: Of the class.
        kind: What it describes.
        names: All fields.
        free: Those that a client may fill with values that nothing lists, or with powerful ones.
    """

    name: str
    kind: Kind
    names: frozenset[str]
    free: frozenset[str]

    @property
    def is_account(self) -> bool:
        """Whether it describes those who log in."""
        return is_account(self.name, self.names)


def is_account(name: str, fields: frozenset[str]) -> bool:
    """Whether a class, table or collection with this name and these fields is about those who log in."""
    return ACCOUNT.search(name) is not None or any(_PASSWORD.search(field) for field in fields)


def rights_among(names: frozenset[str], *, of_account: bool) -> list[str]:
    """Return the fields that carry rights; a role is one only where it belongs to an account."""
    return sorted(n for n in names if RIGHTS.match(n) or (of_account and ROLES.match(n)))


def knows_powerful_roles(modules: Modules) -> bool:
    """Whether any code names a role with more rights, as a text."""
    return any(
        isinstance(node.value, str) and _POWER.match(node.value) is not None
        for module in modules.spelling(_POWER_WORD)
        for node in module.nodes(ast.Constant)
    )


class Catalogue:
    """The fields of the classes of a service, each worked out once.

    Args:
        own: The project's own modules.
        service: The service.
    """

    def __init__(self, own: OwnModules, service: Service) -> None:
        self.own = own
        self.service = service
        self._named: dict[tuple[str, str], Fields | None] = {}
        self._known: dict[ast.ClassDef, Fields] = {}

    def fields_of(self, module: Module, node: ast.expr) -> Fields | None:
        """Return the fields of the class that an expression names; ``None`` where it names none."""
        key = (module.path, written(node))
        if key not in self._named:
            self._named[key] = self._fields_of(module, node)
        return self._named[key]

    def _fields_of(self, module: Module, node: ast.expr) -> Fields | None:
        if (module.resolve(node) or "") in DJANGO_USERS:
            names = _OF_DJANGO["AbstractUser"]
            return Fields("User", Kind.STORED, names, names)
        for other, klass in classes_of(self.own, self.service, module, node):
            if klass not in self._known:
                self._known[klass] = _of_class(self.own, self.service, other, klass)
            return self._known[klass]
        return None


def _of_class(own: OwnModules, service: Service, module: Module, klass: ast.ClassDef) -> Fields:
    chain = list(_chain(own, service, module, klass))
    names: set[str] = set()
    free: set[str] = set()
    checked: set[str] = set()
    for above, part in chain:
        for name, annotation, value in _declared(part):
            if name in names:
                continue  # the first in the chain is the one that holds
            names.add(name)
            # of all others it does not matter what they hold
            is_telling = RIGHTS.match(name) or ROLES.match(name)
            if not is_telling or _may_be_anything(own, service, above, annotation, value):
                free.add(name)
        checked |= set(_validated(part))
        for base in part.bases:
            brought = _OF_DJANGO.get(last_name(base), frozenset())
            free |= brought - names
            names |= brought
    return Fields(klass.name, _kind(chain), frozenset(names), frozenset(free - checked))


def _chain(
    own: OwnModules, service: Service, module: Module, klass: ast.ClassDef, depth: int = 0
) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield a class and those above it that the project defines."""
    yield module, klass
    for base in klass.bases if depth < _DEEPEST else ():
        for other, above in classes_of(own, service, module, base):
            if above is not klass:
                yield from _chain(own, service, other, above, depth + 1)


def _kind(chain: list[tuple[Module, ast.ClassDef]]) -> Kind:
    stored = schema = False
    for module, klass in chain:
        names = {written(t) for s in klass.body if isinstance(s, ast.Assign) for t in s.targets}
        is_table = any(
            k.arg == "table" and isinstance(k.value, ast.Constant) and k.value.value is True
            for k in klass.keywords
        )
        stored = stored or "__tablename__" in names or is_table
        for base in klass.bases:
            dotted = module.resolve(base) or ""
            # peewee, mongoengine, Beanie, SQLAlchemy and Django name what they store so
            stored = stored or (last_name(base) in _STORED and not dotted.startswith("pydantic"))
            schema = schema or dotted in _MODELS or dotted.startswith(_FORMS)
    if stored:
        return Kind.BOTH if schema else Kind.STORED
    return Kind.SCHEMA if schema else Kind.OTHER


def _declared(klass: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    for statement in klass.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.annotation, statement.value
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, None, statement.value


def _validated(klass: ast.ClassDef) -> Iterator[str]:
    """Yield the fields that a class checks by a function of its own."""
    for item in klass.body:
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for mark in item.decorator_list:
            if isinstance(mark, ast.Call) and called_name(mark) in _VALIDATORS:
                for given in mark.args:
                    yield from strings_in(given)
        if item.name.startswith(("validate_", "clean_")):
            yield item.name.partition("_")[2]


def _may_be_anything(
    own: OwnModules,
    service: Service,
    module: Module,
    annotation: ast.expr | None,
    value: ast.expr | None,
) -> bool:
    """Whether a field takes texts that nothing lists, or one that stands for more rights."""
    listed = values_of(own, service, module, annotation) if annotation is not None else None
    if listed is None and isinstance(value, ast.Call):
        given = next((k.value for k in value.keywords if k.arg in _CHOOSING), None)
        listed = _choices(module, given) if given is not None else None
    return listed is None or any(map(POWERFUL.match, listed))


def _choices(module: Module, node: ast.expr) -> list[str]:
    """Return the values that a field offers, or allows by a pattern."""
    if isinstance(node, ast.Name):
        node = constant(module, node.id) or node
    texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]  # fmt: skip
    return [word for text in texts for word in re.split(r"[^\w -]+", text)]


def values_of(
    own: OwnModules, service: Service, module: Module, annotation: ast.expr
) -> list[str] | None:
    """Return the texts that a type lists: ``Literal["a", "b"]`` or an enumeration; ``None`` for others."""
    for part in ast.walk(annotation):
        if isinstance(part, ast.Subscript) and last_name(part.value) == "Literal":
            return [c.value for c in ast.walk(part.slice) if isinstance(c, ast.Constant) and isinstance(c.value, str)]  # fmt: skip
        if not isinstance(part, ast.Name | ast.Attribute):
            continue
        for other, klass in classes_of(own, service, module, part):
            names = {last_name(base) for base in klass.bases}
            if any(name.endswith(("Enum", "TextChoices")) for name in names):
                return [
                    text
                    for statement in klass.body
                    if isinstance(statement, ast.Assign)
                    for text in _choices(other, statement.value)
                ]
    return None


def meta_of(klass: ast.ClassDef) -> ast.ClassDef | None:
    """Return the class inside a form or serializer that says which model it is for."""
    found = (s for s in klass.body if isinstance(s, ast.ClassDef) and s.name == "Meta")
    return next(found, None)


def given_in(klass: ast.ClassDef, name: str) -> ast.expr | None:
    """Return what a statement in the body of a class gives a name."""
    for statement in klass.body:
        if isinstance(statement, ast.Assign) and written(statement.targets[0]) == name:
            return statement.value
    return None


def is_read_only(call: ast.Call) -> bool:
    """Whether a field that a serializer declares is never written."""
    value = argument(call, -1, "read_only", "disabled")
    is_set = isinstance(value, ast.Constant) and value.value is True
    return is_set or called_name(call) in {"SerializerMethodField", "ReadOnlyField", "HiddenField"}
