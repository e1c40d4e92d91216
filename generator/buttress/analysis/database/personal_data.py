"""Personal data: which columns hold it, and whether the repository says what becomes of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.documents import text_of
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_KINDS = {
    "place": lazy_pattern(r"(?:^|_)(?:latitude|longitude|geo_?location|ip_?address)\Z", re.IGNORECASE),
    "email address": lazy_pattern(r"(?:^|_)e?mail(?:_address)?\Z", re.IGNORECASE),
    "name": lazy_pattern(r"(?:^|_)(?:first|last|full|real|family|given)_?name\Z|surname", re.IGNORECASE),
    "phone number": lazy_pattern(r"(?:^|_)(?:phone|mobile|telephone|tel|telefono|telefone)(?:_?number)?\Z", re.IGNORECASE),
    "address": lazy_pattern(r"(?:^|_)(?:home_|street_|postal_)?(?:address|street|zip_?code|postcode|direccion|endereco)\Z", re.IGNORECASE),
    "date of birth": lazy_pattern(r"(?:^|_)(?:dob|date_?of_?birth|birth_?(?:date|day)|fecha_nacimiento)\Z", re.IGNORECASE),
    "health": lazy_pattern(r"diagnos|symptom|medication|allerg|blood_?type|mood_score|phq9|gad7|medical|health_condition", re.IGNORECASE),
    "identity number": lazy_pattern(r"(?:^|_)(?:ssn|passport(?:_number)?|national_id|tax_id|rut|cpf|dni)\Z", re.IGNORECASE),
}  # fmt: skip
_COLUMNS = frozenset(
    [
        "Column",
        "mapped_column",
        "Field",
        "CharField",
        "EmailField",
        "TextField",
        "DateField",
        "StringField",
        "PhoneNumberField",
        "IntegerField",
        "FloatField",
        "GenericIPAddressField",
    ]
)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_MAKES_COLUMNS = lazy_pattern(r"column|field|create", re.IGNORECASE)
_CREATES_TABLE = lazy_pattern("create table", re.IGNORECASE)
_LONGEST = 20_000
_TABLE = lazy_pattern(r"create\s+table[^(]*\(", re.IGNORECASE)
_WORD = lazy_pattern(
    r"^[ \t]*[\"'`]?(\w+)[\"'`]?\s+(?:TEXT|VARCHAR|CHAR|DATE|INTEGER|REAL|NUMERIC|TIMESTAMP|CITEXT)\b",
    re.IGNORECASE | re.MULTILINE,
)
_DOCUMENT = lazy_pattern(
    r"privacy|retention|gdpr|dsgvo|data[-_ ]?(?:policy|protection|governance|classification)|ropa",
    re.IGNORECASE,
)
_SAYS = lazy_pattern(
    r"^#{1,4}\s.*(?:privacy|retention|gdpr|data (?:policy|protection)|personal data)",
    re.IGNORECASE | re.MULTILINE,
)
_READABLE = (".md", ".rst", ".txt", ".adoc", ".html", ".htm", ".tsx", ".jsx", ".vue", ".pdf")


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """A column that holds personal data.

    Attributes:
        module: The file.
        node: Where the column is made.
        kind: What it holds.
    """

    module: Module
    node: ast.expr | ast.stmt
    kind: str


def personal_columns(modules: Modules) -> Iterator[PersonalColumn]:
    """Yield the columns of tables, mapped classes and Django models that hold personal data."""
    for module in modules.spelling(_MAKES_COLUMNS):
        for klass in module.nodes(ast.ClassDef) if module.called(*_COLUMNS) else ():
            for item in klass.body:
                if isinstance(item, _ASSIGNMENTS) and _makes_column(item.value):
                    target = item.targets[0] if isinstance(item, ast.Assign) else item.target
                    kind = _kind(written(target))
                    if kind and _is_table(module, klass):
                        yield PersonalColumn(module, item, kind)
        if module.mentions(_CREATES_TABLE):
            yield from _columns_in_sql(module)


def _makes_column(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and called_name(value) in _COLUMNS


def _columns_in_sql(module: Module) -> Iterator[PersonalColumn]:
    for constant in module.nodes(ast.Constant):
        text = constant.value if isinstance(constant.value, str) else ""
        if len(text) < _LONGEST and _TABLE.search(text):
            for word in _WORD.findall(text):
                if kind := _kind(word):
                    yield PersonalColumn(module, constant, kind)


def _kind(name: str) -> str:
    return next((kind for kind, pattern in _KINDS.items() if pattern.search(name)), "")


def _is_table(module: Module, klass: ast.ClassDef) -> bool:
    bases = " ".join(module.source(base) for base in klass.bases)
    if re.search(r"BaseModel|BaseSettings|Schema|Form|Serializer", bases):
        return False
    is_field = any(keyword.arg == "table" for keyword in klass.keywords)
    return is_field or bool(re.search(r"Base\b|Model\b|Document|Abstract\w*User|Mixin", bases))


def states_policy(tree: Tree) -> bool:
    """Whether a document says what becomes of personal data: a file of that name, or a heading."""
    for path in tree.paths:
        if not path.lower().endswith(_READABLE) or "node_modules" in path:
            continue
        name = path.rpartition("/")[2]
        if _DOCUMENT.search(name) and (
            path.endswith(".pdf") or len(text_of(tree, path).strip()) > 200
        ):
            return True
        is_document = path.lower().endswith((".md", ".rst"))
        if is_document and path.count("/") < 3 and _SAYS.search(text_of(tree, path)):
            return True
    return False
