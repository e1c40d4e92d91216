"""Libraries of language models: what makes a client, and which of its methods ask a model.

Names are those that the libraries' own documentation uses; a client that is not listed is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from buttress.source.patterns import lazy_pattern

_OPENAI = ("OpenAI", "AsyncOpenAI", "Client", "AsyncClient")
_AZURE = ("AzureOpenAI", "AsyncAzureOpenAI")
_ANTHROPIC = tuple(
    f"{prefix}{name}"
    for prefix in ("", "Async")
    for name in ("Anthropic", "AnthropicBedrock", "AnthropicVertex", "Client")
)

CLIENTS: Mapping[str, str] = {
    **{f"openai.{name}": "openai" for name in _OPENAI},
    **{f"langfuse.openai.{name}": "openai" for name in _OPENAI},
    **{f"openai.{name}": "azure" for name in _AZURE},
    **{f"langfuse.openai.{name}": "azure" for name in _AZURE},
    **{f"anthropic.{name}": "anthropic" for name in _ANTHROPIC},
    "google.genai.Client": "google",
    "google.genai.client.Client": "google",
    "google.generativeai.GenerativeModel": "google",
    "vertexai.generative_models.GenerativeModel": "google",
    "vertexai.preview.generative_models.GenerativeModel": "google",
    "groq.Groq": "groq",
    "groq.AsyncGroq": "groq",
    "groq.Client": "groq",
    "mistralai.Mistral": "mistral",
    "mistralai.client.Mistral": "mistral",
    "mistralai.client.MistralClient": "mistral",
    "mistralai.async_client.MistralAsyncClient": "mistral",
    "cohere.Client": "cohere",
    "cohere.ClientV2": "cohere",
    "cohere.AsyncClient": "cohere",
    "cohere.AsyncClientV2": "cohere",
    "ollama.Client": "ollama",
    "ollama.AsyncClient": "ollama",
    "together.Together": "together",
    "together.AsyncTogether": "together",
    "cerebras.cloud.sdk.Cerebras": "cerebras",
    "huggingface_hub.InferenceClient": "huggingface",
    "huggingface_hub.AsyncInferenceClient": "huggingface",
    "replicate.Client": "replicate",
    "litellm.Router": "litellm",
    "llama_cpp.Llama": "local",
    "pydantic_ai.Agent": "pydantic-ai",
    "agents.Agent": "openai",
    "crewai.Crew": "crewai",
    "emergentintegrations.llm.chat.LlmChat": "emergent",
    "zhipuai.ZhipuAI": "zhipu",
}
"""What makes a client, by its dotted name, with its provider."""

SDK_CLIENTS = frozenset(
    name
    for name in CLIENTS
    if name.startswith(("openai.", "anthropic.", "groq.", "google.genai.", "cohere.", "mistralai."))
)
"""Those of the providers' own libraries, each of which keeps connections of its own."""

AGENTS = frozenset(
    [
        "langchain.agents.create_agent",
        "langchain.agents.factory.create_agent",
        "langgraph.prebuilt.create_react_agent",
        "langgraph.prebuilt.chat_agent_executor.create_react_agent",
        "deepagents.create_deep_agent",
        "deepagents.graph.create_deep_agent",
    ]
)
"""Functions that make an agent of a model, or of a model's name (``openai:gpt-4o``)."""

CLIENT_PACKAGES = ("langchain", "langgraph", "deepagents", "llama_index")
"""Parts of the names of packages that hold more clients than can be listed."""

_CHAINED_CLIENT = lazy_pattern(
    r"(?:langchain|langchain_(?!core\b|text_splitters\b)\w+)(?:\.\w+)*?\.((?:Azure)?Chat(?!Prompt|Message|Generation|History|Result)\w+"
    r"|(?:Azure)?OpenAI|Ollama(?:LLM)?|GoogleGenerativeAI|VertexAI|HuggingFace(?:Hub|Endpoint|Pipeline)|LlamaCpp|CTransformers|GPT4All|Bedrock(?:LLM)?"
    r"|Anthropic(?:LLM)?|Cohere|Groq|MistralAI|Together|Replicate|init_chat_model)\Z"
)
_INDEX_CLIENT = lazy_pattern(
    r"llama_index\.llms\.(\w+)(?:\.\w+)*\.(?!ChatMessage|MessageRole|CompletionResponse|MockLLM)[A-Z]\w*\Z"
)
_PROVIDERS = (
    ("azure", "azure"), ("openai", "openai"), ("anthropic", "anthropic"), ("google", "google"), ("vertex", "google"), ("gemini", "google"),
    ("groq", "groq"), ("ollama", "ollama"), ("llamacpp", "local"), ("huggingfacepipeline", "local"), ("mistral", "mistral"), ("cohere", "cohere"),
    ("ctransformers", "local"), ("gpt4all", "local"),
    ("huggingface", "huggingface"), ("bedrock", "bedrock"), ("together", "together"), ("deepseek", "deepseek"), ("replicate", "replicate"),
)  # fmt: skip

DIRECT: Mapping[str, str] = {
    **{f"litellm.{n}": "litellm" for n in ("completion", "acompletion", "text_completion", "responses", "aresponses")},
    **{f"ollama.{n}": "ollama" for n in ("chat", "generate")},
    **{f"openai.ChatCompletion.{n}": "openai" for n in ("create", "acreate")},
    **{f"openai.Completion.{n}": "openai" for n in ("create", "acreate")},
    **{f"replicate.{n}": "replicate" for n in ("run", "stream", "async_run")},
    **{f"agents.Runner.{n}": "openai" for n in ("run", "run_sync", "run_streamed")},
    **{f"google.generativeai.{n}": "google" for n in ("generate_text", "chat")},
    "cohere.chat": "cohere",
}  # fmt: skip
"""Functions that ask a model, by their dotted name."""

CHAINS: Mapping[tuple[str, ...], frozenset[str]] = {
    ("chat", "completions", "create"): frozenset(),
    ("chat", "completions", "parse"): frozenset(),
    ("chat", "completions", "stream"): frozenset(),
    ("chat", "completions", "create_with_completion"): frozenset(),
    ("completions", "create"): frozenset({"prompt", "model", "messages"}),
    ("responses", "create"): frozenset({"input", "model"}),
    ("responses", "parse"): frozenset({"input", "model"}),
    ("responses", "stream"): frozenset({"input", "model"}),
    ("messages", "create"): frozenset({"max_tokens", "model"}),
    ("messages", "stream"): frozenset({"max_tokens", "model"}),
    ("messages", "parse"): frozenset({"max_tokens", "model"}),
    ("threads", "runs", "create"): frozenset({"assistant_id"}),
    ("threads", "runs", "create_and_poll"): frozenset({"assistant_id"}),
    ("models", "generate_content"): frozenset(),
    ("models", "generate_content_stream"): frozenset(),
    ("chat", "complete"): frozenset({"messages", "model"}),
    ("chat", "complete_async"): frozenset({"messages", "model"}),
    ("chat", "stream_async"): frozenset({"messages", "model"}),
    ("generate_content",): frozenset(),
    ("generate_content_async",): frozenset(),
    ("invoke_model",): frozenset({"modelId"}),
    ("invoke_model_with_response_stream",): frozenset({"modelId"}),
    ("converse",): frozenset({"modelId"}),
    ("converse_stream",): frozenset({"modelId"}),
    ("chat_completion",): frozenset({"messages"}),
}
"""Ends of a call that ask a model whoever owns them, with the arguments of which one must be given."""

ASKING = frozenset(
    [
        "invoke", "ainvoke", "stream", "astream", "batch", "abatch", "predict", "apredict", "predict_messages", "run", "arun", "run_sync",
        "run_stream", "generate", "agenerate", "complete", "acomplete", "stream_complete", "astream_complete", "chat", "achat", "stream_chat",
        "astream_chat", "query", "aquery", "send_message", "send_message_async", "send_message_stream", "kickoff", "kickoff_async",
        "chat_stream", "completion", "acompletion", "chat_completion", "text_generation", "create_completion", "create_chat_completion", "iter",
        "astream_events", "call",
    ]
)  # fmt: skip
"""Methods that ask a model when their owner is known to be one."""

DERIVING = frozenset(
    [
        "with_structured_output", "bind_tools", "bind", "with_fallbacks", "with_retry", "with_config", "with_options", "start_chat",
        "as_structured_llm", "with_model", "assign", "pipe", "configurable_fields",
    ]
)  # fmt: skip
"""Methods of a model, or a chain, that give another one."""

ENGINES = frozenset(["as_query_engine", "as_chat_engine"])
"""Methods of an index that give what asks the model of its settings."""

FRAMEWORKS = (
    "langchain",
    "langchain_",
    "langgraph",
    "deepagents",
    "llama_index",
    "instructor",
    "crewai",
    "dspy",
)
"""Libraries whose objects ask the model that they are given."""

_NO_MODEL = lazy_pattern(
    r"embed|splitter|loader|vectorstore|chroma|faiss|pinecone|qdrant|retriever|memory|history|message|prompt|parser|callback|tool|database|"
    r"utilities|checkpoint|evaluat|StateGraph",
    re.IGNORECASE,
)
_MODEL = lazy_pattern(r"Chain|_chain|Agent|_agent|Executor|Runnable|QA\b|ChatEngine|QueryEngine")


def asks_what_it_is_given(dotted: str) -> bool:
    """Whether an object of these libraries asks the model among its arguments (``AgentExecutor``)."""
    if not dotted.startswith(FRAMEWORKS):
        return False
    name = ".".join(dotted.split(".")[-2:])
    return bool(_MODEL.search(name)) or not _NO_MODEL.search(name)


LOCAL = frozenset({"ollama", "local"})
"""Providers that run on the app's own machines."""

HOSTS: Mapping[str, str] = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "openrouter.ai/api": "openrouter",
    "api.together.xyz": "together",
    "api-inference.huggingface.co": "huggingface",
    "router.huggingface.co": "huggingface",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "api.perplexity.ai": "perplexity",
    "api.fireworks.ai": "fireworks",
    "integrate.api.nvidia.com": "nvidia",
    "dashscope.aliyuncs.com": "dashscope",
    ":11434": "ollama",
    "/api/generate": "ollama",
    "/chat/completions": "openai-compatible",
    "/v1/messages": "anthropic",
}
"""Parts of addresses that tell a model's interface, with the provider."""

NOT_TEXT = lazy_pattern(
    r"/embed|/audio|/images|/models/?\Z|/moderations|/files|/rerank|/tags\b|/speech"
)
"""Addresses of the same hosts that generate no text."""

HINTS = (
    "openai", "anthropic", "genai", "generativeai", "GenerativeModel", "groq", "mistral", "cohere", "ollama", "together", "InferenceClient",
    "replicate", "litellm", "llama_cpp", "langchain", "langgraph", "deepagents", "llama_index", "pydantic_ai", "agents", "crewai", "emergentintegrations",
    "completions", "generate_content", "bedrock", "transformers", "huggingface", "instructor", "zhipu", "cerebras", *HOSTS,
)  # fmt: skip
"""Words of which one stands in every file that makes a client or names an address."""


def provider_of(dotted: str) -> str | None:
    """Return whose model a constructor's client asks; ``None`` for everything else."""
    known = CLIENTS.get(dotted)
    if known is not None:
        return known
    match = _CHAINED_CLIENT.match(dotted) or _INDEX_CLIENT.match(dotted)
    if match is None:
        return None
    return provider_in(match[1])


def provider_in(name: str) -> str:
    """Return the provider that the name of a class, or of a model (``openai:gpt-4o``), begins with or holds."""
    lowered = name.lower()
    return next((provider for part, provider in _PROVIDERS if part in lowered), "other")
