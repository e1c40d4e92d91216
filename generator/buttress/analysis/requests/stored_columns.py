"""The columns of text that clients write: what they send, and what is kept under the same name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from typing import NamedTuple

from buttress.analysis.once import once_for_service
from buttress.project.literals import literal_text, strings_in, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_TEXTS = frozenset(["Text", "String", "CharField", "TextField", "Unicode", "UnicodeText", "StringField"])  # fmt: skip
_OF_FORMS = _TEXTS | {"TextAreaField"}
_CHECKS = frozenset(["Regexp", "RegexValidator", "AnyOf", "URL", "Email", "UUID", "validate_slug"])
_MADE = frozenset(["Column", "mapped_column"])
_OF_DJANGO = frozenset(["username", "first_name", "last_name"])
_COLUMNS = lazy_pattern(r"\binsert\s+(?:or\s+\w+\s+)?into\s+\S+\s*\(([^)]*)\)", re.IGNORECASE)
_SET = lazy_pattern(r"\bupdate\s+\S+\s+set\s+(.*?)(?:\bwhere\b|\Z)", re.IGNORECASE | re.DOTALL)
_NAME = lazy_pattern(r"[A-Za-z_]\w*")
_ASSIGNED = lazy_pattern(r"([A-Za-z_]\w*)\s*=")
_TABLE = lazy_pattern(
    r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?[\"'`\[]?(?:\w+\.)?(\w+)[\"'`\]]?\s*\(",
    re.IGNORECASE,
)
_COLUMN = lazy_pattern(r"\s*[\"'`\[]?(\w+)[\"'`\]]?\s+([A-Za-z]+)")
_OF_TEXT = lazy_pattern(r"text|.*char|string|clob|json\w*|citext", re.IGNORECASE)
_CONSTRAINTS = frozenset(["primary", "foreign", "unique", "check", "constraint", "key", "index"])
_SENT = lazy_pattern(
    r"(?:request\.(?:form|json|values|POST|data)|get_json\([^)]*\)|\b(?:data|form|json|payload|body|post_data|request_data"
    r"|cleaned_data|validated_data))\Z"
)
_FORMS = lazy_pattern(r"Form|Serializer|Schema|BaseModel")
_REQUEST = lazy_pattern(r"\b(?:request|Request|get_json)\b")
_PLAIN = frozenset(["str", "print", "execute", "insert", "append", "fetch", "fetchrow", "create"])
_NUMBERS = frozenset(
    ["int", "float", "bool", "Decimal", "UUID", "len", "strptime", "fromisoformat", "ObjectId"]
)
_FREE = lazy_pattern(r"\b(?:str|Any|constr)\b|Text\b|\bChar")
_LOOKUPS = frozenset(
    ["get", "filter", "filter_by", "exclude", "get_object_or_404", "exists", "url_for", "redirect", "reverse",
     "render_template", "render", "jsonify", "JsonResponse", "TemplateResponse", "info", "debug", "warning", "error"]
)  # fmt: skip
"""Calls that give a name to a value without keeping it."""

_MAKING = frozenset(["create", "update", "insert", "values", "get_or_create", "update_or_create"])
_FIXED = frozenset(["choices", "primary_key", "foreign_key"])
_DOCUMENTS = frozenset(
    ["insert_one", "insert_many", "update_one", "replace_one", "find_one_and_update"]
)
"""Methods of MongoDB that write documents."""

_LONGEST = 20_000
_LONGEST_TABLE = 4_000
_LONGEST_HEAD = 16_384
_DATABASES = (".db", ".sqlite", ".sqlite3")


class StoredColumns(NamedTuple):
    """Names of columns that clients write.

    Attributes:
        any: All that are sent and kept under one name.
        free: Those of them that hold text as the client wrote it, as far as types tell.
        tables: The columns of tables in their order, as statements make them.
    """

    any: frozenset[str]
    free: frozenset[str]
    tables: dict[str, tuple[str, ...]]


@once_for_service
def stored_columns(
    project: Project, service: Service, modules: Modules  # noqa: ARG001 - it is kept by them
) -> StoredColumns:
    """Return the columns of a service whose text clients write, by its files of code."""
    columns, sent = _Columns(modules, project.tree), _Sent(modules)
    known = columns.names & sent.names
    free = columns.free & sent.free & known
    if free:
        free = {name for name in free if name in columns.listed | sent.fields} | _given(
            modules, free
        )
    return StoredColumns(frozenset(known), frozenset(free), columns.tables)


def _given(modules: Modules, names: Set[str]) -> set[str]:
    """Return the columns that rows are given from what a function holds, and not made up there."""
    found: set[str] = set()
    for module in modules.having(*names):
        for call in module.nodes(ast.Call):
            if called_name(call) in _LOOKUPS:
                continue
            if _may_give_all(call):
                return set(names)
            for keyword in call.keywords:
                if keyword.arg and keyword.arg in names and _is_held(module, keyword.value):
                    found.add(keyword.arg)
        for assign in module.nodes(ast.Assign):
            target = assign.targets[0]
            if isinstance(target, ast.Attribute) and target.attr in names:
                found |= {target.attr} if _is_held(module, assign.value) else set()
    return found


def _may_give_all(call: ast.Call) -> bool:
    """Whether a row is given whatever a mapping holds."""
    name = called_name(call)
    is_row = name[:1].isupper() or name in _MAKING
    return name == "setattr" or (is_row and any(k.arg is None for k in call.keywords))


def _is_held(module: Module, value: ast.expr) -> bool:
    """Whether a value is made of something that a name holds."""
    return any(
        isinstance(part, ast.Name)
        and part.id not in {"self", "cls"}
        and not _is_defined(module, part)
        for part in ast.walk(value)
    )


def _is_defined(module: Module, name: ast.Name) -> bool:
    target = module.resolve(name)
    if target is not None:
        return not target.endswith(".request")
    above = module.parent(name)
    return isinstance(above, ast.Call) and above.func is name


class _Columns:
    """The names of columns of text, of models and of statements that write rows."""

    def __init__(self, modules: Modules, tree: Tree) -> None:
        self.names: set[str] = set()
        self.listed: set[str] = set()
        self.tables: dict[str, tuple[str, ...]] = {}
        self._fixed: set[str] = set()
        for module in modules.having(
            "Column",
            "Field",
            "insert",
            "INSERT",
            "update",
            "UPDATE",
            "mapped",
            "create table",
            "CREATE TABLE",
        ):
            for statement in module.nodes(ast.Assign, ast.AnnAssign):
                if isinstance(module.parent(statement), ast.ClassDef):
                    self._declared(module, statement)
            for constant in module.nodes(ast.Constant):
                if isinstance(constant.value, str) and len(constant.value) < _LONGEST:
                    self._written(constant.value)
        for module, call in modules.called(*_DOCUMENTS):
            # what rows are looked for by comes before what is written into them
            for argument in call.args[: 1 + (not called_name(call).startswith("insert"))][-1:]:
                self.listed |= set(_keys(module, argument))
        for path in tree.paths:
            text = tree.text(path) if path.endswith(".sql") else None
            if text is not None:
                self._made(text.content)
            elif path.endswith(_DATABASES) and modules.having("sqlite3"):
                # a database of SQLite begins with the statements that made its tables
                self._made(tree.read(path)[:_LONGEST_HEAD].decode("latin-1"))
        self.names |= self.listed
        self.free = self.names - self._fixed
        if modules.having("django.contrib.auth"):
            self.names |= _OF_DJANGO  # which are checked, as a rule

    def _declared(self, module: Module, statement: ast.Assign | ast.AnnAssign) -> None:
        value = statement.value
        if not isinstance(value, ast.Call):
            return
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        names = {called_name(value), *map(_type_name, value.args)}
        is_column = called_name(value) in _MADE or not _is_form(module, statement)
        if is_column and not names.isdisjoint(_TEXTS):
            self.names.add(written(target))
            keywords = {keyword.arg for keyword in value.keywords}
            if "ForeignKey" in names or not keywords.isdisjoint(_FIXED):
                self._fixed.add(written(target))

    def _written(self, text: str) -> None:
        for named in _COLUMNS.findall(text):
            self.listed.update(_NAME.findall(named))
        for assigned in _SET.findall(text):
            self.listed.update(_ASSIGNED.findall(assigned))
        self._made(text)

    def _made(self, text: str) -> None:
        for made in _TABLE.finditer(text):
            order = []
            for column in listed(text[made.end() : made.end() + _LONGEST_TABLE]):
                found = _COLUMN.match(column)
                if found is None or found[1].lower() in _CONSTRAINTS:
                    continue
                order.append(found[1])
                if not _OF_TEXT.match(found[2]):
                    self._fixed.add(found[1])
            self.tables.setdefault(made[1].lower(), tuple(order))


def _keys(module: Module, document: ast.expr) -> Iterator[str]:
    """Yield the keys of a document, and of what is set in it."""
    if isinstance(document, ast.Name):
        function = module.function(document)
        for node in module.inside(function) if function is not None else ():
            is_it = isinstance(node, ast.Assign) and written(node.targets[0]) == document.id
            if isinstance(node, ast.Assign) and is_it and isinstance(node.value, ast.Dict):
                yield from _keys(module, node.value)
    elif isinstance(document, ast.Dict):
        for key, value in zip(document.keys, document.values, strict=True):
            name = literal_text(key)
            if name.startswith("$"):
                yield from _keys(module, value)
            elif name:
                yield name


def listed(text: str) -> Iterator[str]:
    """Yield what stands between the commas of a list, up to the bracket that ends it."""
    depth, start = 0, 0
    for index, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                yield text[start:index]
                return
        elif character == "," and not depth:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _type_name(node: ast.expr) -> str:
    return called_name(node) if isinstance(node, ast.Call) else written(node).rpartition(".")[2]


class _Sent:
    """The names that clients send values under."""

    def __init__(self, modules: Modules) -> None:
        self.names: set[str] = set()
        self.free: set[str] = set()
        self.fields: set[str] = set()
        for module in modules:
            for call in module.called("get", "getlist", "pop"):
                owner = call.func.value if isinstance(call.func, ast.Attribute) else None
                if owner is not None and call.args and _SENT.search(module.source(owner)):
                    self._read(module, call, literal_text(call.args[0]))
            for item in module.nodes(ast.Subscript):
                key = literal_text(item.slice)
                if key and _SENT.search(module.source(item.value)):
                    self._read(module, item, key)
            for klass in module.nodes(ast.ClassDef):
                is_form = any(_FORMS.search(module.source(base)) for base in klass.bases)
                if is_form and not any(
                    isinstance(line, ast.Assign) and _is_column(line) for line in klass.body
                ):
                    self._take(module, klass)

    def _read(self, module: Module, node: ast.expr, name: str) -> None:
        self.names.add(name)
        is_typed = isinstance(node, ast.Call) and any(k.arg == "type" for k in node.keywords)
        if not is_typed and _REQUEST.search(module.text) and not _is_handled(module, node):
            self.free.add(name)

    def _take(self, module: Module, klass: ast.ClassDef) -> None:
        for statement in klass.body:
            if isinstance(statement, ast.Assign):
                self.names.add(written(statement.targets[0]))
                calls = [n for n in ast.walk(statement.value) if isinstance(n, ast.Call)]
                names = set(map(called_name, calls))
                if names & _OF_FORMS and not names & _CHECKS:
                    self.free.add(written(statement.targets[0]))
            elif isinstance(statement, ast.AnnAssign):
                self.names.add(written(statement.target))
                if _FREE.search(module.source(statement.annotation)):
                    self.free.add(written(statement.target))
            elif isinstance(statement, ast.ClassDef) and statement.name == "Meta":
                for inner in statement.body:
                    if isinstance(inner, ast.Assign) and written(inner.targets[0]) == "fields":
                        named = set(strings_in(inner.value))
                        self.names |= named
                        self.free |= named
                        self.fields |= named


def _is_handled(module: Module, node: ast.expr) -> bool:
    """Whether a function takes what was read, and may check it or make something else of it."""
    above = module.parent(node)
    while isinstance(above, ast.Attribute | ast.BoolOp) or (
        isinstance(above, ast.Call) and isinstance(above.func, ast.Attribute) and above.func is node
    ):
        node, above = above, module.parent(above)
    name = called_name(above) if isinstance(above, ast.Call) and node in above.args else ""
    return name in _NUMBERS or (name[:1].islower() and name not in _PLAIN)


def _is_column(statement: ast.Assign) -> bool:
    return isinstance(statement.value, ast.Call) and called_name(statement.value) in _MADE


def _is_form(module: Module, statement: ast.stmt) -> bool:
    klass = module.parent(statement)
    bases = klass.bases if isinstance(klass, ast.ClassDef) else []
    return any(_FORMS.search(module.source(base)) for base in bases)
