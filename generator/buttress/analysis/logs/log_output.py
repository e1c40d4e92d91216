"""Whether log lines have a structure: something that writes them as JSON is set up where it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.wiring import Wiring
from buttress.project.documents import text_of
from buttress.project.modules import called_name
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_FORMATTER_WORD = lazy_pattern(
    r"(?:Json|JSON|Ecs|Stdlib|Logstash|StackDriver|CloudLogging)\w*(?:Formatter|Handler)"
)
_FORMATTER = lazy_pattern(rf"{_FORMATTER_WORD.pattern}\Z")
_LOGGING_FILE = lazy_pattern(r"(?:\A|/)[^/]*log[^/]*\.(?:ini|conf|cfg|json|ya?ml)\Z", re.IGNORECASE)
_FORMATTER_CLASS = lazy_pattern(
    r"(?:class\s*=|class\W+|\(\)\W+)\s*[\w.]*(?:json|JSON|Json)\w*Formatter\b"
)
_STARTS = lazy_pattern(
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
_REDACTS = lazy_pattern(r"redact|scrub|censor|mask_(?:secret|sensitive)", re.IGNORECASE)


def writes_structured_lines(wiring: Wiring) -> bool:
    """Whether the app sets up log lines with fields, in code that runs."""
    if any(True for _ in wiring.calls(*_READY_MADE)):
        return True
    return any(
        wiring.runs(module, call) for module, call in _serializing(wiring.modules.having("og"))
    ) or any(
        _names_formatter(wiring, module)
        for module in wiring.modules.having("ormatter").spelling(_FORMATTER_WORD)
    )


def _serializing(modules: Modules) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls that are loguru's ``add(serialize=True)`` or make a JSON formatter."""
    for module, call in modules.called("add"):
        if any(
            keyword.arg == "serialize"
            and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
            for keyword in call.keywords
        ):
            yield module, call
    for module in modules.spelling(_FORMATTER_WORD):
        for call in module.nodes(ast.Call):
            if _FORMATTER.search(called_name(call)):
                yield module, call
    for module in modules.naming("logging.Formatter"):
        for name in _own_formatters(module):
            yield from ((module, call) for call in module.called(name))


def _own_formatters(module: Module) -> Iterator[str]:
    """Yield the names of the module's classes that format records with ``json.dumps``."""
    for kind in module.nodes(ast.ClassDef):
        if "logging.Formatter" in map(module.resolve, kind.bases) and any(
            isinstance(part, ast.Call) and (module.resolve(part.func) or "").endswith(".dumps")
            for part in module.inside(kind)
        ):
            yield kind.name


def _names_formatter(wiring: Wiring, module: Module) -> bool:
    """Whether a logging configuration in a mapping names a JSON formatter."""
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
        _REDACTS.search(function.name) and wiring.is_used(module, function)
        for module in wiring.modules.having("structlog", "logging").spelling(_REDACTS)
        for function in module.nodes(ast.FunctionDef)
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
