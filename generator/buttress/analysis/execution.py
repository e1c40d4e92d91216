"""Input that is run: by the interpreter, a shell, a template engine; and tokens nobody verified."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.values import Origin, Values
from buttress.project.model import Service
from buttress.source import Module
from buttress.source.module import Function

_HINTS = (
    "eval(", "exec(", "os.system", "popen", "subprocess", "render_template_string", "pickle", "marshal",
    "yaml", "jinja2",
)  # fmt: skip
_CODE = frozenset({"builtins.eval", "builtins.exec"})
_SHELLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
_RUNS = frozenset(
    f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")
)
_TEMPLATES = frozenset({"flask.render_template_string", "jinja2.Template"})
_PICKLES = frozenset(
    {
        "pickle.loads",
        "pickle.load",
        "marshal.loads",
        "dill.loads",
        "jsonpickle.decode",
        "yaml.unsafe_load",
    }
)
_NAMES = frozenset(
    name.rpartition(".")[2]
    for name in (*_CODE, *_SHELLS, *_RUNS, *_TEMPLATES, *_PICKLES, "yaml.load")
)
_DECODERS = frozenset({"jwt.decode", "jose.jwt.decode"})


def executed_input(module: Module, service: Service) -> Iterator[tuple[ast.expr, str]]:
    """Yield the calls that run what a client sends, with what they do to it."""
    if not any(hint in module.text for hint in _HINTS):
        return
    known: dict[Function | None, Values] = {}
    for call in module.nodes(ast.Call):
        how = _how(module, call)
        if how is None or not call.args or isinstance(call.args[0], ast.Constant):
            continue
        function = module.function(call)
        if function not in known:
            known[function] = Values(module, function, service)
        if known[function].origin(call.args[0]) is Origin.TAINTED:
            yield call, how


def _how(module: Module, call: ast.Call) -> str | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in _NAMES and not isinstance(function, ast.Name):
        return None
    target = module.resolve(function) or ""
    if target in _CODE:
        return "is run as Python"
    if target in _SHELLS or (target in _RUNS and _keyword(call, "shell") is True):
        return "is run by a shell"
    if target in _TEMPLATES:
        return "is run as a template"
    if target in _PICKLES:
        return "is unpickled"
    if target == "yaml.load":
        loader = next((k.value for k in call.keywords if k.arg == "Loader"), None)
        loader = loader or (call.args[1] if len(call.args) > 1 else None)
        name = module.source(loader) if loader is not None else ""
        return "is loaded with every tag of YAML" if "Safe" not in name else None
    return None


def unverified_tokens(module: Module) -> Iterator[ast.expr]:
    """Yield the calls that decode a token without verifying it, and no other in the function does."""
    if "decode" not in module.text or "jwt" not in module.text:
        return
    calls = [c for c in module.nodes(ast.Call) if module.resolve(c.func) in _DECODERS]
    loose = [call for call in calls if _is_loose(call)]
    for call in loose:
        function = module.function(call)
        if not any(c not in loose and module.function(c) is function for c in calls):
            yield call


def _is_loose(call: ast.Call) -> bool:
    if _keyword(call, "verify") is False:
        return True
    for keyword in call.keywords:
        if keyword.arg == "options" and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                is_key = isinstance(key, ast.Constant) and key.value == "verify_signature"
                if is_key and isinstance(value, ast.Constant) and value.value is False:
                    return True
        if keyword.arg == "algorithms" and isinstance(keyword.value, ast.List | ast.Tuple):
            names = [e.value for e in keyword.value.elts if isinstance(e, ast.Constant)]
            if any(isinstance(name, str) and name.lower() == "none" for name in names):
                return True
    return False


def _keyword(call: ast.Call, name: str) -> object:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            value: object = keyword.value.value
            return value
    return None
