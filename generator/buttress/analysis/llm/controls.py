"""What surrounds the calls of a model: limits, a way out when it fails, moderation, and counting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.holders import chain_of
from buttress.analysis.llm.model import ModelCall
from buttress.analysis.llm.values import Callee
from buttress.project.literals import last_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_CAPS = (
    "max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "maxTokens", "maxOutputTokens",
    "max_new_tokens", "num_predict", "max_length", "max_gen_len", "max_tokens_per_call", "max_budget",
)  # fmt: skip
_LIMITS = (
    "timeout", "request_timeout", "http_client", "http_options", "client_options", "timeout_ms", "request_options", "default_request_timeout",
    "client_kwargs", "async_client_kwargs", "stream_timeout", "http_async_client", "config",
)  # fmt: skip
_QUOTA = lazy_pattern(
    r"(?:token|usage|cost|spend|message|request|daily|monthly|credit|generation|ai)s?_?(?:limit|quota|budget|cap|allowance)(?!er)"
    r"|ModelCallLimit|quota|check_(?:credits?|usage|limits?)|(?:deduct|consume|use|spend)_(?:credits?|tokens?)|BudgetManager|credits_(?:left|remaining)|remaining_credits",
    re.IGNORECASE,
)
_MODERATION = lazy_pattern(
    r"moderat|guardrail|content_?(?:filter|safety|policy)|is_(?:safe|toxic|harmful|flagged|appropriate)|safety_(?:check|filter)|profan|toxic"
    r"|block_?list|banned|forbidden_(?:words|topics)|jailbreak|injection|redact|scrub|anonymi[sz]e|nsfw|llm_guard|screen_(?:input|output|prompt|text)",
    re.IGNORECASE,
)
_MODERATORS = (
    "guardrails.", "nemoguardrails.", "llm_guard.", "presidio_analyzer.", "presidio_anonymizer.", "lakera_guard.", "rebuff.", "detoxify.",
    "better_profanity.", "profanity_check.", "langchain.agents.middleware.PIIMiddleware", "azure.ai.contentsafety.", "openai.Moderation.",
)  # fmt: skip
_OFF = lazy_pattern(r"BLOCK_NONE|\bOFF\b")
_WAITS = lazy_pattern(r"wait_for\(|\.result\(timeout|fail_after\(|asyncio\.timeout\(")
_TIMERS = frozenset({"asyncio.wait_for"})
_SAFETY_OPTIONS = (
    "safety_settings", "safetySettings", "guardrailConfig", "guardrailIdentifier", "guardrails", "input_guardrails", "output_guardrails",
    "safe_prompt", "safe_mode",
)  # fmt: skip
_USAGE = frozenset(
    {
        "usage", "usage_metadata", "token_usage", "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens",
        "prompt_eval_count", "eval_count", "total_token_count", "prompt_token_count", "candidates_token_count", "usageMetadata", "llm_output",
        "token_count", "tokens_used",
    }
)  # fmt: skip
_TRACERS = (
    "langfuse", "langsmith", "logfire", "traceloop", "opik", "agentops", "helicone", "openlit", "phoenix", "openinference", "mlflow", "weave",
    "portkey_ai", "braintrust", "langtrace", "promptlayer", "lunary", "opentelemetry.instrumentation.openai", "opentelemetry.instrumentation.langchain",
    "opentelemetry.instrumentation.anthropic", "tiktoken", "langchain_community.callbacks.get_openai_callback", "langchain.callbacks.get_openai_callback",
    "langchain_community.callbacks.manager.get_openai_callback", "langchain_core.callbacks.UsageMetadataCallbackHandler", "langchain_core.callbacks.get_usage_metadata_callback",
)  # fmt: skip
_TRACING_SWITCH = lazy_pattern(
    r"LANG(?:CHAIN|SMITH)_TRACING(?:_V2)?[\"']?\]?\s*[=:,]\s*[\"']?true", re.IGNORECASE
)
_TRACING = lazy_pattern(r"LANG(?:CHAIN|SMITH)_TRACING", re.IGNORECASE)
_USAGE_WORDS = ("_tokens", "usage", "token_")
_LITELLM_CALLBACKS = lazy_pattern(r"litellm\.(?:success_callback|callbacks|cache)\s*=")
_ERROR_KEYS = frozenset({"error", "errors", "detail", "traceback"})
_ERROR_CALLS = frozenset(
    {"JSONResponse", "jsonify", "HTTPException", "Response", "abort", "make_response", "JsonResponse", "HttpResponse"}
)  # fmt: skip


def is_capped(call: ModelCall) -> bool:
    """Whether an answer's length has a limit, or may have one that cannot be read."""
    if call.may_have_more:
        return True
    given = call.option(*_CAPS)
    return given is not None and not (isinstance(given, ast.Constant) and given.value is None)


def has_time_limit(call: ModelCall) -> bool:
    """Whether a call itself has a limit of time."""
    given = [call.options[name] for name in _LIMITS if name in call.options and name != "config"]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


def client_has_time_limit(options: Iterable[str]) -> bool:
    """Whether a client is made with a limit of time."""
    return bool(set(options) & set(_LIMITS))


def is_timed_outside(use: LanguageUse, call: ModelCall) -> bool:
    """Whether what calls the model waits for it no longer than a limit."""
    return any(
        (
            isinstance(above, ast.Call)
            and (call.module.resolve(above.func) or "")
            in {"asyncio.wait_for", "async_timeout.timeout"}
        )
        or (
            isinstance(above, ast.With | ast.AsyncWith)
            and any(
                isinstance(item.context_expr, ast.Call)
                and (call.module.resolve(item.context_expr.func) or "")
                in {
                    "asyncio.timeout",
                    "anyio.fail_after",
                    "anyio.move_on_after",
                    "async_timeout.timeout",
                }
                for item in above.items
            )
        )
        for above in call.module.ancestors(call.node)
    ) or _is_handed_to_timer(use, call)


def _is_handed_to_timer(use: LanguageUse, call: ModelCall) -> bool:
    """Whether a function around the call is what ``asyncio.wait_for`` waits for."""
    callers = list(_calling(use, call))
    outer = [module.function(caller) for module, caller in callers]
    names = {function.name for function in (call.function, *outer) if function is not None}
    for module in {call.module, *(module for module, _ in callers)}:
        for timer in module.calls_to(_TIMERS):
            if any(_last(part) in names for part in module.inside(timer) if isinstance(part, ast.expr)):  # fmt: skip
                return True
    return any(
        _WAITS.search(waiter.module.source(waiter.node))
        for module in {call.module, *(module for module, _ in callers)}
        for handed in module.nodes(ast.Call)
        if any(isinstance(argument, ast.Name) and argument.id in names for argument in handed.args)
        if (waiter := use.values.callee(module, handed)) is not None
    )


def has_quota(modules: Modules) -> bool:
    """Whether anything counts what a user may spend: a name for it is called or compared."""
    for module in modules.spelling(_QUOTA):
        for call in module.nodes(ast.Call):
            if _QUOTA.search(_last(call.func)):
                return True
        for comparison in module.nodes(ast.Compare):
            for side in (comparison.left, *comparison.comparators):
                if _QUOTA.search(_last(side)):
                    return True
    return False


# -- a way out when the provider fails -------------------------------------------------------------


def has_fallback(use: LanguageUse, modules: Modules) -> bool:
    """Whether any call has another answer than an error when its provider fails."""
    if next(modules.calls("langchain.agents.middleware.ModelFallbackMiddleware"), None) is not None:
        return True
    for module in modules.having("fallbacks"):
        if module.called("with_fallbacks") or any(
            keyword.arg and keyword.arg.endswith("fallbacks")
            for call in module.nodes(ast.Call)
            for keyword in call.keywords
        ):
            return True
    if any(client.dotted == "litellm.Router" for client in use.clients):
        return True
    return any(_falls_back(use, call) for call in use.calls)


def _falls_back(use: LanguageUse, call: ModelCall) -> bool:
    places: list[tuple[Module, ast.expr]] = [(call.module, call.node), *_calling(use, call)]
    return any(
        _is_way_out(use, module, handler)
        for module, node in places
        for handler in _handlers(module, node)
    )


def _calling(use: LanguageUse, call: ModelCall) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls of the function that asks the model, and of those that call it."""
    function = call.function
    if function is None:
        return
    for module, caller in use.values.callers(Callee(call.module, function)):
        yield module, caller
        outer = module.function(caller)
        if outer is not None and outer is not function:
            yield from use.values.callers(Callee(module, outer))


def _handlers(module: Module, node: ast.AST) -> Iterator[ast.ExceptHandler]:
    inner = node
    for above in module.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if isinstance(above, ast.Try) and inner in above.body:
            yield from above.handlers
        inner = above


def _is_way_out(use: LanguageUse, module: Module, handler: ast.ExceptHandler) -> bool:
    nodes = [node for statement in handler.body for node in ast.walk(statement)]
    if any(use.asks(node) for node in nodes):
        return True
    for node in nodes:
        if isinstance(node, ast.Call):
            callee = use.values.callee(module, node)
            if callee is not None and re.search(r"fall_?back|backup|cached", callee.node.name):
                return True
    if any(isinstance(node, ast.Raise) or _shows_error(module, node) for node in nodes):
        return False
    in_loop = any(isinstance(above, ast.For | ast.AsyncFor) for above in module.ancestors(handler))
    if in_loop and isinstance(handler.body[-1], ast.Continue | ast.Pass):
        return True
    for node in nodes:
        if isinstance(node, ast.Return) and not _is_error(node.value, handler.name):
            return True
        if isinstance(node, ast.Assign) and not _is_error(node.value, handler.name):
            return True
    return False


def _shows_error(module: Module, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and module.resolve(node.func) == "streamlit.error"


def _is_error(value: ast.expr | None, name: str | None) -> bool:
    if value is None:
        return False
    for node in ast.walk(value):
        if isinstance(node, ast.Name) and node.id == name and name is not None:
            return True
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys & _ERROR_KEYS:
                return True
        if isinstance(node, ast.Call) and _last(node.func) in _ERROR_CALLS:
            return True
        if isinstance(node, ast.keyword) and node.arg in _ERROR_KEYS:
            return True
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return is_text and "error" in ast.unparse(value).lower()


# -- moderation ------------------------------------------------------------------------------------


def is_moderated(use: LanguageUse, modules: Modules) -> bool:
    """Whether something looks at what goes in or comes out: a provider's filter or the app's own."""
    for call in use.calls:
        given = call.option(*_SAFETY_OPTIONS)
        if given is not None and not _is_switched_off(use, call, given):
            return True
        if call.provider == "azure":
            return True  # its filters are on unless somebody asked for them to be off
    if next(modules.calls(*_MODERATORS), None) is not None:
        return True
    return any(
        _MODERATION.search(_last(node.func)) or "moderations" in chain_of(node.func)[:-1]
        for module in modules.spelling(_MODERATION)
        for node in module.nodes(ast.Call)
    )


def _is_switched_off(use: LanguageUse, call: ModelCall, given: ast.expr) -> bool:
    modules = [call.module, *(client.module for client in call.clients)]
    written = " ".join(
        ast.unparse(leaf.node) for module in modules for leaf in use.values.leaves(module, given)
    )
    levels = set(re.findall(r"BLOCK_\w+", written)) - {"BLOCK_NONE"}
    return bool(_OFF.search(written)) and not levels


# -- counting --------------------------------------------------------------------------------------


def counts_usage(use: LanguageUse, modules: Modules, settings: str) -> bool:
    """Whether tokens are read, or a tool for it is attached.

    Args:
        use: The model calls.
        modules: The app's modules that its entry point imports.
        settings: The text of files that set environment variables.
    """
    asking = {call.module for call in use.calls}
    is_chained = any(client.dotted.startswith("langchain") for client in use.clients)
    if is_chained and _TRACING_SWITCH.search(settings):
        return True
    both = asking.union(modules)
    looked_at = use.modules.where(lambda module: module in both)
    return (
        any(_reads_usage(module) for module in {*modules.having(*_USAGE_WORDS), *asking})
        or any(_TRACING_SWITCH.search(module.text) for module in looked_at.spelling(_TRACING))
        or any(_LITELLM_CALLBACKS.search(module.text) for module in looked_at.having("litellm."))
        or _is_traced(looked_at)
    )


def _reads_usage(module: Module) -> bool:
    return any(node.attr in _USAGE for node in module.nodes(ast.Attribute)) or any(
        _key(module, node) in _USAGE for node in module.nodes(ast.Constant)
    )


def _is_traced(modules: Modules) -> bool:
    """Whether a tool that counts tokens is called, or decorates a function."""
    return any(
        (module.resolve(node.func if isinstance(node, ast.Call) else node) or "").startswith(
            _TRACERS
        )
        for module in modules.having(*{tracer.partition(".")[0] for tracer in _TRACERS})
        for node in (*module.nodes(ast.Call), *_decorators(module))
    )


def _key(module: Module, node: ast.Constant) -> str:
    """Return the text of a constant that names a key: ``x["usage"]``, ``x.get("usage")``."""
    if not isinstance(node.value, str):
        return ""
    above = module.parent(node)
    if isinstance(above, ast.Subscript) and above.slice is node:
        return node.value
    if isinstance(above, ast.Call) and _last(above.func) in {"get", "getattr"}:
        return node.value
    return ""


def _decorators(module: Module) -> Iterator[ast.expr]:
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        yield from node.decorator_list


def _last(node: ast.expr) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return last_name(node)
