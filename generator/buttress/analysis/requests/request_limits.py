"""Limits of what comes in: fields without a longest length, requests and uploads of any size."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.reached_code import head, reached_text
from buttress.analysis.classes import Classes
from buttress.project.documents import text_of
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_TEXTS = frozenset(
    ["builtins.str", "builtins.bytes", "pydantic.SecretStr", "pydantic.types.SecretStr"]
)
_LISTS = frozenset(["builtins.list", "typing.List", "builtins.set", "typing.Set"])
_OPTIONAL = frozenset(["typing.Optional", "typing.Union"])
_LIMITS = frozenset(
    ["max_length", "max_items", "pattern", "regex", "max_size", "le", "const", "strict_max"]
)
_HOOKS = frozenset(["field_validator", "validator"])
_WHOLE_HOOKS = frozenset(["model_validator", "root_validator"])
_READS_BODY = lazy_pattern(r"\brequest\.(?:get_json|json|data|form|get_data|stream|values)\b")
_NO_LIMIT = lazy_pattern(r"MAX_CONTENT_LENGTH[\"']?\]?\s*=\s*None")
_LENGTH = lazy_pattern("length", re.IGNORECASE)
_MIDDLEWARE = lazy_pattern("middleware", re.IGNORECASE)
_LIMITING_MIDDLEWARE = lazy_pattern(
    r"(?:Limit\w{0,20}(?:Upload|Size|Body)|(?:Upload|Size|Body)\w{0,20}Limit)\w{0,20}Middleware"
)
_PROXY_SIZE = lazy_pattern(
    r"^[ \t]*(?:client_max_body_size\s+[1-9]|request_body\s*\{|max_size\s)", re.MULTILINE
)
_SIZE = lazy_pattern(
    r"max_?\w{0,40}(?:size|bytes|upload|file|length|mb)|\.size\b|file_?size|content[_-]length|\blen\(\s*\w*(?:content|contents|data|file|raw|body|payload|bytes|chunk|buf)\w*\s*\)\s*[><]"
    r"|\.read\(\s*\w[^)]*\)|\b413\b|too.?(?:large|big)|\.tell\(\)",
    re.IGNORECASE,
)
_TYPE = lazy_pattern(
    r"content_type|mime|\.endswith\(|splitext|\.suffix|allowed_\w+|filetype|magic\.|Image\.open|extension|\.rsplit\(|FileExtensionValidator|read_csv|read_excel|PdfReader|DictReader|json\.load|split\(\s*[\"']\.[\"']\s*\)\[-1\](?:\.lower\(\))?\s*(?:!=|==|not\s+in|in)\b|pillow",
    re.IGNORECASE,
)
_KEEPS = lazy_pattern(r"\.save\(|copyfileobj|\.write\(|write_bytes|upload_file|put_object|upload\(")
_READS = lazy_pattern(
    r"\.read\(\s*\)|copyfileobj|\.save\(|\.chunks\(\)|\.stream\b|read_csv|read_excel|BytesIO|upload_file|\.upload\(|from_bytes|for\s+\w+\s+in\s+\w+\.file\b|\.file\b"
)
_PASSING = lazy_pattern(
    r"NamedTemporaryFile|TemporaryDirectory|mkstemp|mkdtemp|finally:[ \t]*\n(?:[^\n]*\n){0,6}?[^\n]*(?:os\.remove|unlink)\("
)
_GIVES_ON = lazy_pattern(r"upload_file|put_object|upload\(")
_TRUSTED = lazy_pattern(
    r"(?:admins?|staff|superuser)_?(?:only|required)|staff_member_required|IsAdminUser|is_superuser",
    re.IGNORECASE,
)
_DEPENDS = frozenset(["Depends", "Security"])
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Unbounded:
    """A model of a request whose fields have no limit.

    Attributes:
        module: The file of the model.
        node: Its first field without a limit.
        model: Its name.
        fields: All of them.
    """

    module: Module
    node: ast.stmt
    model: str
    fields: tuple[str, ...]


def unbounded_models(
    project: Project, service: Service, found: Iterable[Endpoint]
) -> tuple[list[Unbounded], int]:
    """Return the request models with fields of any length, and how many models there are in all."""
    classes = Classes(project.tree, service.import_root)
    seen: dict[tuple[str, str], tuple[Module, ast.ClassDef]] = {}
    for endpoint in found:
        if isinstance(endpoint.node, ast.FunctionDef | ast.AsyncFunctionDef):
            for annotation in _body_annotations(endpoint.node):
                _collect(classes, endpoint.module, annotation, seen)
    models = [_unbounded(module, klass) for module, klass in seen.values()]
    return [model for model in models if model is not None], len(models)


def _body_annotations(function: Function) -> Iterator[ast.expr]:
    """Yield the annotations of parameters that come from the request, not from a dependency."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [*zip(positional, [*missing, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for argument, default in pairs:
        is_given = isinstance(default, ast.Call) and called_name(default) in _DEPENDS
        if argument.annotation is not None and not is_given:
            parts = ast.walk(argument.annotation)
            if not any(isinstance(n, ast.Call) and called_name(n) in _DEPENDS for n in parts):
                yield argument.annotation


def _collect(
    classes: Classes,
    module: Module,
    annotation: ast.expr,
    seen: dict[tuple[str, str], tuple[Module, ast.ClassDef]],
    depth: int = 0,
) -> None:
    for node in module.inside(annotation):
        if not isinstance(node, (ast.Name, ast.Attribute)) or depth > _DEEPEST:
            continue
        found = classes.definition(module, node)
        if found is None or not isinstance(found.node, ast.ClassDef):
            continue
        key = (found.module.path, found.node.name)
        if key in seen or not classes.is_pydantic(module, node):
            continue
        seen[key] = (found.module, found.node)
        for base in found.node.bases:
            _collect(classes, found.module, base, seen, depth + 1)
        for item in found.node.body:
            if isinstance(item, ast.AnnAssign):
                _collect(classes, found.module, item.annotation, seen, depth + 1)


def _unbounded(module: Module, klass: ast.ClassDef) -> Unbounded | None:
    if _limits_all(module, klass):
        return None
    checked = _checked_fields(klass)
    if "*" in checked:
        return None
    fields = [
        item
        for item in klass.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and item.target.id not in checked
        and _is_open(module, item.annotation)
        and not _has_limit(item.value)
    ]
    if not fields:
        return None
    names = tuple(written(item.target) for item in fields)
    return Unbounded(module, fields[0], klass.name, names)


def _limits_all(module: Module, klass: ast.ClassDef) -> bool:
    """Whether a model limits all its texts at once, or looks at itself as a whole."""
    for item in klass.body:
        source = module.source(item) if not isinstance(item, ast.AnnAssign) else ""
        if "str_max_length" in source or "max_anystr_length" in source:
            return True
        marks = item.decorator_list if isinstance(item, ast.FunctionDef) else []
        if "len(" in source and any(_mark(mark) in _WHOLE_HOOKS for mark in marks):
            return True
    return False


def _checked_fields(klass: ast.ClassDef) -> set[str]:
    """Return the fields that a validator of the model looks at."""
    found: set[str] = set()
    for item in klass.body:
        if isinstance(item, ast.FunctionDef):
            for mark in item.decorator_list:
                if isinstance(mark, ast.Call) and _mark(mark) in _HOOKS:
                    found |= {str(a.value) for a in mark.args if isinstance(a, ast.Constant)}
    return found


def _mark(node: ast.expr) -> str:
    inner = node.func if isinstance(node, ast.Call) else node
    return written(inner).rpartition(".")[2]


def _is_open(module: Module, annotation: ast.expr) -> bool:
    """Whether a type takes text or lists of any length."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _is_open(module, annotation.left) or _is_open(module, annotation.right)
    if isinstance(annotation, ast.Subscript):
        outer = module.resolve(annotation.value)
        if outer in _OPTIONAL:
            inner = annotation.slice
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return any(_is_open(module, part) for part in parts)
        return outer in _LISTS
    resolved = module.resolve(annotation)
    return resolved in _TEXTS or resolved in _LISTS


def _has_limit(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg is None or keyword.arg in _LIMITS for keyword in value.keywords
    )


def unbounded_serializers(modules: Modules) -> Iterator[tuple[Module, ast.stmt, str]]:
    """Yield the first field without a longest length of each REST serializer that is no model's."""
    for module in modules.having("serializers.Serializer", "import Serializer"):
        for klass in module.nodes(ast.ClassDef):
            bases = {module.resolve(base) for base in klass.bases}
            if "rest_framework.serializers.Serializer" not in bases:
                continue
            checked = {
                f.name.removeprefix("validate_")
                for f in klass.body
                if isinstance(f, ast.FunctionDef)
            }
            fields = [
                item
                for item in klass.body
                if isinstance(item, ast.Assign)
                and isinstance(item.value, ast.Call)
                and called_name(item.value) == "CharField"
                and written(item.targets[0]) not in checked
                and not any(
                    k.arg in {"max_length", "read_only", "validators", None}
                    for k in item.value.keywords
                )
            ]
            if fields:
                yield module, fields[0], klass.name


def limits_requests(tree: Tree, modules: Modules) -> bool:
    """Whether the app, a middleware or the proxy refuses requests that are too large."""
    for module in modules.having("MAX_CONTENT_LENGTH"):
        if not _NO_LIMIT.search(module.text):
            return True
    for module in modules.spelling(_LENGTH):
        says_length = "content-length" in module.text.lower()
        if says_length and ("413" in module.text or module.mentions(_MIDDLEWARE)):
            return True
    if modules.spelling(_LIMITING_MIDDLEWARE):
        return True
    return any(
        _PROXY_SIZE.search(text_of(tree, path)) is not None
        for path in tree.paths
        if _is_proxy(path)
    )


def _is_proxy(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name == "caddyfile" or (
        "nginx" in path.lower() and name.endswith((".conf", ".template", ".j2"))
    )


def reads_bodies(found: Iterable[Endpoint]) -> Endpoint | None:
    """Return the first endpoint of Flask that reads what a request holds."""
    for endpoint in found:
        if endpoint.changes_data and _READS_BODY.search(endpoint.module.source(endpoint.node)):
            return endpoint
    return None


def takes_uploads(endpoint: Endpoint) -> bool:
    """Whether an endpoint takes files."""
    node = endpoint.node
    source = endpoint.module.source(node)
    if isinstance(node, ast.ClassDef):
        # the methods that a class defines are endpoints of their own
        hooks = [item for item in node.body if getattr(item, "name", "").startswith("perform_")]
        source = "\n".join(map(endpoint.module.source, hooks))
    if "request.files" in source or re.search(r"request\.FILES(?:\[|\.get)", source):
        return True  # files that go into a Django form are the form's to check
    if isinstance(node, ast.ClassDef):
        return False
    text = head(endpoint)
    return "UploadFile" in text or ("bytes" in text and "File(" in text)


def careless_uploads(
    project: Project, service: Service, found: Iterable[Endpoint], *, is_limited: bool
) -> Iterator[tuple[Endpoint, str]]:
    """Yield the endpoints that take files of any size, or keep files of any type.

    Args:
        project: The facts.
        service: The service.
        found: Its endpoints.
        is_limited: Whether requests have a largest size wherever they arrive.
    """
    for endpoint in found:
        if not takes_uploads(endpoint):
            continue
        text = reached_text(project, service, endpoint)
        has_size, has_type = is_limited or bool(_SIZE.search(text)), bool(_TYPE.search(text))
        if not has_size and _READS.search(text):
            kind = "" if has_type else " and of any type"
            yield endpoint, f"{endpoint.name} takes a file of any size{kind}."
        elif (
            not has_type
            and _KEEPS.search(text)
            and not _is_passing(text)
            and not _is_trusted(endpoint)
        ):
            yield endpoint, f"{endpoint.name} keeps a file of any type."


def _is_passing(text: str) -> bool:
    """Whether a file is only written to be worked on, and is gone with the request."""
    return bool(_PASSING.search(text)) and not _GIVES_ON.search(text)


def _is_trusted(endpoint: Endpoint) -> bool:
    """Whether only administrators may send the file: what it is they decide."""
    node, module = endpoint.node, endpoint.module
    around = [node, *(above for above in module.ancestors(node) if isinstance(above, ast.ClassDef))]
    marks = (mark for part in around for mark in getattr(part, "decorator_list", ()))
    return any(_TRUSTED.search(module.source(mark)) for mark in marks) or bool(
        _TRUSTED.search(head(endpoint))
    )
