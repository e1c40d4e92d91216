"""How long the app waits for a model, and who else waits meanwhile."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.controls import (
    client_has_time_limit,
    has_time_limit,
    is_timed_outside,
)
from buttress.analysis.llm.model import Client, ModelCall
from buttress.source import Module

_LIMITED = frozenset(
    {
        "boto3.client", "groq.Groq", "groq.AsyncGroq", "groq.Client", "replicate.Client", "mistralai.client.MistralClient",
        "mistralai.async_client.MistralAsyncClient",
    }
)  # fmt: skip
"""Clients whose own limit is a minute or two."""

_NO_LIMIT_THERE = frozenset(
    {
        "google.generativeai.GenerativeModel", "vertexai.generative_models.GenerativeModel",
        "vertexai.preview.generative_models.GenerativeModel", "pydantic_ai.Agent", "agents.Agent", "crewai.Crew", "llama_cpp.Llama",
        "emergentintegrations.llm.chat.LlmChat",
    }
)  # fmt: skip
"""Clients that take no limit where they are made."""

_TIMED_CALLS = frozenset({"generate_content", "generate_content_async", "send_message"})
_WAITING = frozenset(
    {"invoke", "predict", "run", "stream", "batch", "generate", "complete", "chat"}
)
_AWAITABLE = (ast.Await, ast.AsyncWith, ast.AsyncFor)


def endless_models(use: LanguageUse) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the clients, or calls without one, that have no limit of time anywhere."""
    for client in use.clients:
        if client.dotted in _LIMITED | _NO_LIMIT_THERE or client.provider == "local":
            continue
        if "Pipeline" in client.name or client.name == "HuggingFaceLLM":
            continue
        if client.is_open or client_has_time_limit(client.options) or _is_limited_later(client):
            continue
        calls = [call for call in use.calls if client in call.clients]
        if calls and all(_is_timed(use, call) for call in calls):
            continue
        yield client.module, client.node, f"{client.name} is made without a limit of time."
    for call in use.calls:
        if _takes_limit(call) and not call.is_open and not _is_timed(use, call):
            yield call.module, call.node, "The model is asked without a limit of time."


def _is_timed(use: LanguageUse, call: ModelCall) -> bool:
    return has_time_limit(call) or is_timed_outside(use, call)


def _takes_limit(call: ModelCall) -> bool:
    """Whether a limit has to stand at the call itself."""
    if any(client.dotted in _NO_LIMIT_THERE for client in call.clients):
        name = call.how.rpartition(".")[2]
        is_google = any("GenerativeModel" in client.name for client in call.clients)
        return is_google and name in _TIMED_CALLS
    target = call.module.resolve(call.node.func) or ""
    if target.startswith(("openai.", "litellm.")) and not call.clients:
        return f"{target.partition('.')[0]}.request_timeout" not in call.module.text
    return target in {"ollama.chat", "ollama.generate"}


def _is_limited_later(client: Client) -> bool:
    module = client.module
    if "with_options" not in module.text:
        return False
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "with_options"
        and any(keyword.arg == "timeout" for keyword in call.keywords)
        for call in module.nodes(ast.Call)
    )


def held_up_calls(use: LanguageUse) -> Iterator[ModelCall]:
    """Yield the calls in coroutines that stop every other request until the model has answered."""
    for call in use.calls:
        module, node = call.module, call.node
        inner = next(
            (
                a
                for a in module.ancestors(node)
                if isinstance(a, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            ),
            None,
        )
        if not isinstance(inner, ast.AsyncFunctionDef) or _is_awaited(module, node):
            continue
        if call.how != "http" and _is_waiting(call):
            yield call


def _is_awaited(module: Module, node: ast.Call) -> bool:
    above = module.parent(node)
    if isinstance(above, ast.withitem):
        above = module.parent(above)
    return isinstance(above, _AWAITABLE) or (
        isinstance(above, ast.Call) and "asyncio" in (module.resolve(above.func) or "")
    )


def _is_waiting(call: ModelCall) -> bool:
    name = call.how.rpartition(".")[2]
    if "aio" in ast.unparse(call.node.func).split("."):
        return False
    if (name.startswith("a") and name[1:] in _WAITING) or "async" in name:
        return False
    target = call.module.resolve(call.node.func) or ""
    if target.startswith(("openai.", "litellm.", "ollama.")):
        return name in {"create", "completion", "chat", "generate", "parse"}
    if not call.clients or any(client.is_async for client in call.clients):
        return False
    if call.clients[0].dotted.startswith(("langchain", "langgraph", "deepagents")):
        above = call.module.parent(call.node)
        is_read = isinstance(above, ast.For | ast.comprehension)
        return name in _WAITING and (name != "stream" or is_read)
    return name in {
        "create", "parse", "generate_content", "send_message", "complete", "chat", "chat_completion", "generate", "run_sync",
    }  # fmt: skip
