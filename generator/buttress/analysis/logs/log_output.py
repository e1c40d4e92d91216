"""Whether log lines have a structure: something that writes them as JSON is set up where it runs."""

from __future__ import annotations

import ast
import re

from buttress.analysis.wiring import Wiring
from buttress.project.documents import text_of
from buttress.source import Module, Tree

_FORMATTER = re.compile(
    r"(?:Json|JSON|Ecs|Stdlib|Logstash|StackDriver|CloudLogging)\w*(?:Formatter|Handler)\Z"
)
_LOGGING_FILE = re.compile(r"(?:\A|/)[^/]*log[^/]*\.(?:ini|conf|cfg|json|ya?ml)\Z", re.IGNORECASE)
_FORMATTER_CLASS = re.compile(
    r"(?:class\s*=|class\W+|\(\)\W+)\s*[\w.]*(?:json|JSON|Json)\w*Formatter\b"
)
_STARTS = re.compile(
    r"\.(?:py|sh)\Z|(?:\A|/)(?:Dockerfile[^/]*|Procfile|justfile|Makefile|[^/]*compose[^/]*\.ya?ml)\Z"
)
_READY_MADE = (
    "structlog.configure",
    "structlog.configure_once",
    "structlog.stdlib.recreate_defaults",
    "google.cloud.logging.Client",
    "logfire.configure",
    "aws_lambda_powertools.Logger",
)
_REDACTS = re.compile(r"redact|scrub|censor|mask_(?:secret|sensitive)", re.IGNORECASE)


def writes_structured_lines(wiring: Wiring) -> bool:
    """Whether the app sets up log lines with fields, in code that runs."""
    if any(True for _ in wiring.calls(*_READY_MADE)):
        return True
    return any(
        _serializes(module, call) and wiring.runs(module, call)
        for module in wiring.modules
        if "og" in module.text
        for call in module.nodes(ast.Call)
    ) or any(_names_formatter(wiring, module) for module in wiring.modules)


def _serializes(module: Module, call: ast.Call) -> bool:
    """Whether a call is loguru's ``add(serialize=True)`` or makes a JSON formatter."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "add":
        return any(
            keyword.arg == "serialize"
            and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            for keyword in call.keywords
        )
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return bool(_FORMATTER.search(name)) or _is_own_formatter(module, name)


def _is_own_formatter(module: Module, name: str) -> bool:
    """Whether a class of the module formats records with ``json.dumps``."""
    for kind in module.nodes(ast.ClassDef):
        if kind.name != name:
            continue
        bases = {module.resolve(base) for base in kind.bases}
        if "logging.Formatter" in bases:
            return any(
                isinstance(part, ast.Call) and (module.resolve(part.func) or "").endswith(".dumps")
                for part in ast.walk(kind)
            )
    return False


def _names_formatter(wiring: Wiring, module: Module) -> bool:
    """Whether a logging configuration in a mapping names a JSON formatter."""
    if "ormatter" not in module.text:
        return False
    return any(
        isinstance(text.value, str)
        and _FORMATTER.search(text.value)
        and _is_in_mapping(module, text)
        for text in module.nodes(ast.Constant)
    ) and (
        any(True for _ in wiring.calls("logging.config.dictConfig"))
        or any(
            getattr(n, "id", "") in {"LOGGING", "LOGGING_CONFIG"} for n in module.nodes(ast.Name)
        )
    )


def _is_in_mapping(module: Module, text: ast.Constant) -> bool:
    return any(isinstance(above, ast.Dict) for above in module.ancestors(text))


def redacts_fields(wiring: Wiring) -> bool:
    """Whether log fields pass through a function that hides secrets."""
    return any(
        module.mentions(_REDACTS)
        and any(
            _REDACTS.search(function.name) and wiring.is_used(module, function)
            for function in module.nodes(ast.FunctionDef)
        )
        for module in wiring.modules
        if "structlog" in module.text or "logging" in module.text
    )


def is_set_up_by_file(tree: Tree) -> bool:
    """Whether a configuration of logging with a JSON formatter is named by code, an image or a script."""
    files = [
        path.rpartition("/")[2]
        for path in tree.paths
        if _LOGGING_FILE.search(path) and _FORMATTER_CLASS.search(text_of(tree, path))
    ]
    return bool(files) and any(
        name in text_of(tree, path) for path in tree.paths if _STARTS.search(path) for name in files
    )
