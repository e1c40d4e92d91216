"""The types of a GraphQL schema: whether a short query may be answered with any number of objects."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.project.documents import text_of
from buttress.project.literals import last_name, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SCALARS = frozenset(
    ["String", "Int", "Float", "Boolean", "ID", "Date", "DateTime", "Time", "JSONString", "UUID", "Decimal", "BigInt",
     "Base64", "GenericScalar", "JSON", "Any", "Optional", "List", "Enum", "Upload"]
)  # fmt: skip
_LISTS = frozenset(
    ["DjangoListField", "DjangoConnectionField", "DjangoFilterConnectionField", "ConnectionField",
     "SQLAlchemyConnectionField", "MongoengineConnectionField", "DjangoFilterListField"]
)  # fmt: skip
_GIVEN = frozenset(["Arguments", "Input"])
_ITEM = lazy_pattern(r"(?:[Ll]ist|Sequence|Iterable|Connection)\[\s*[\"']?(?:[\w.]*\.)?([A-Z]\w*)")
_TYPE = lazy_pattern(r"^[ \t]*(?:extend[ \t]+)?(?:type|interface)[ \t]+(\w+)[^{\n]*\{([^}]*)\}", re.MULTILINE)  # fmt: skip
_FIELD = lazy_pattern(r":\s*(\[*)\s*([A-Z]\w*)")
_WORD = lazy_pattern(r"\b[A-Z]\w*")
_DOCUMENTS = (".graphql", ".graphqls", ".gql")


def is_wide_or_endless(project: Project, service: Service, modules: Modules) -> bool:
    """Whether a field gives a list of objects, or types lead back to themselves.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that may hold types.
    """
    fields: dict[str, set[str]] = {}
    for module in modules.having("graphene", "strawberry"):
        for klass in module.nodes(ast.ClassDef):
            for is_list, name in _fields(module, klass):
                if is_list:
                    return True
                fields.setdefault(klass.name, set()).add(name)
    for text in _schemas(project, service, modules):
        types = dict(_TYPE.findall(text))
        for owner, body in types.items():
            for brackets, name in _FIELD.findall(re.sub(r"\([^()]*\)", "", body)):
                if name in types and brackets:
                    return True
                fields.setdefault(owner, set()).add(name)
    return _leads_back(fields)


def _fields(module: Module, klass: ast.ClassDef) -> Iterator[tuple[bool, str]]:
    """Yield for each field of a type that is no scalar whether it is a list, and what it is made of."""
    if klass.name in _GIVEN or any("Input" in last_name(base) for base in klass.bases):
        return
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in klass.decorator_list]
    if any(last_name(mark) in {"type", "interface", "federation"} for mark in marks):
        for item in klass.body:
            annotation = getattr(item, "annotation", None) or getattr(item, "returns", None)
            text = module.source(annotation) if annotation is not None else ""
            for name in _ITEM.findall(text):
                if name not in _SCALARS:
                    yield True, name
            yield from ((False, name) for name in _WORD.findall(text) if name not in _SCALARS)
    for item in klass.body:
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Call):
            yield from _of_graphene(module, item.value)


def _of_graphene(module: Module, call: ast.Call) -> Iterator[tuple[bool, str]]:
    """Yield what a field of Graphene gives: ``Field(List(Item))``, ``List(lambda: Item)``."""
    name = called_name(call)
    dotted = module.resolve(call.func) or ""
    if name in _LISTS or (name == "Field" and "Connection" in module.source(call.func)):
        yield True, name
    if not dotted.startswith("graphene") or not call.args:
        return
    given = call.args[0]
    if isinstance(given, ast.Lambda):
        given = given.body
    if name in {"Field", "NonNull"} and isinstance(given, ast.Call):
        yield from _of_graphene(module, given)
        return
    if isinstance(given, ast.Call) and called_name(given) == "NonNull" and given.args:
        given = given.args[0]
    item = written(given).rpartition(".")[2]
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        item = given.value.rpartition(".")[2]
    if name in {"List", "Field", "NonNull"} and item and item not in _SCALARS:
        yield name == "List", item


def _schemas(project: Project, service: Service, modules: Modules) -> Iterator[str]:
    """Yield what is written in the language of schemas: in files of its own, and in code."""
    root = f"{service.root}/" if service.root else ""
    code = modules.having("ariadne")
    if not code:
        return
    for path in project.tree.paths:
        if path.endswith(_DOCUMENTS) and path.startswith(root):
            yield text_of(project.tree, path)
    for module in code.having("type "):
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and "type " in node.value:
                yield node.value


def _leads_back(fields: dict[str, set[str]]) -> bool:
    """Whether some type is reached from itself."""
    for start, first in fields.items():
        waiting, seen = list(first), set[str]()
        while waiting:
            name = waiting.pop()
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                waiting += fields.get(name, ())
    return False
