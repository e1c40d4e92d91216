"""Every call of a language model, and every client that is made for one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

from buttress.analysis.access.endpoints import own_modules
from buttress.analysis.llm import catalogue
from buttress.analysis.llm.addresses import address_of
from buttress.analysis.llm.model import Client, ModelCall
from buttress.analysis.llm.prompts import sent
from buttress.analysis.llm.values import Callee, Value, Values, default_of
from buttress.analysis.taint import Sources
from buttress.project.literals import literal_text
from buttress.project.model import Project, Service
from buttress.source import Module, Modules, Tree

_DEEPEST = 6
_MODEL_NAME = re.compile(
    r"(?:^|_)(?:llm|chain|chat_model|language_model|agent_executor|response_model|chat_llm|qa)\Z",
    re.IGNORECASE,
)
_SENDING = frozenset({"post", "request", "stream", "build_request"})
_NESTED = frozenset(
    {
        "config", "generation_config", "options", "model_kwargs", "json", "data", "extra_body", "inferenceConfig",
        "model_settings", "parameters", "generationConfig", "default_options", "content",
    }
)  # fmt: skip
_GENERATION = frozenset({"text-generation", "text2text-generation", "conversational"})
_PATHS = frozenset({":11434", "/api/generate", "/chat/completions", "/v1/messages"})


@dataclass
class LanguageUse:
    """All that an app's modules do with language models.

    Args:
        modules: The app's modules.
        values: Follows values through them.
        sources: What the flow of answers to interpreters begins with, once somebody asked.
    """

    modules: Modules
    values: Values
    sources: Sources | None = None
    _clients: dict[ast.Call, Client] = field(default_factory=dict)
    _known: dict[ast.AST, tuple[Client, ...]] = field(default_factory=dict)

    @cached_property
    def clients(self) -> tuple[Client, ...]:
        """All clients, in the order of the files."""
        return tuple(
            client
            for module in self.modules
            if any(hint in module.text for hint in catalogue.HINTS)
            for call in module.nodes(ast.Call)
            if (client := self._client(module, call)) is not None
        )

    @cached_property
    def calls(self) -> tuple[ModelCall, ...]:
        """All calls of models, in the order of the files."""
        if not any(hint in module.text for module in self.modules for hint in catalogue.HINTS):
            return ()
        return tuple(
            found
            for module in self.modules
            for call in module.nodes(ast.Call)
            if (found := self._model_call(module, call)) is not None
        )

    def asks(self, node: ast.AST) -> bool:
        """Whether a node is a call of a model."""
        return node in self._call_nodes

    @cached_property
    def _call_nodes(self) -> frozenset[ast.AST]:
        return frozenset(call.node for call in self.calls)

    # -- clients -------------------------------------------------------------------------------

    def _client(self, module: Module, call: ast.Call) -> Client | None:
        if call in self._clients:
            return self._clients[call]
        dotted = module.resolve(call.func) or ""
        provider = catalogue.provider_of(dotted) if "." in dotted else None
        if provider is not None and self.values.class_of(module, call.func) is not None:
            provider = None  # a class of the project that goes by the same name
        if dotted.endswith("boto3.client") or dotted == "boto3.client":
            is_bedrock = any("bedrock" in literal_text(argument) for argument in call.args)
            provider = "bedrock" if is_bedrock else None
        if dotted in {"transformers.pipeline", "transformers.pipelines.pipeline"}:
            provider = (
                "local" if any(literal_text(a) in _GENERATION for a in call.args[:1]) else None
            )
        if provider is None:
            return None
        options = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        options = self._with_nested(module, options)
        client = Client(
            module,
            call,
            dotted.rpartition(".")[2],
            dotted,
            provider,
            options,
            _is_open(call),
        )
        self._clients[call] = client
        return client

    def clients_of(self, module: Module, node: ast.expr, depth: int = 0) -> tuple[Client, ...]:
        """Return the clients that an expression may stand for, through chains and agents."""
        if node in self._known:
            return self._known[node]
        self._known[node] = ()
        found: dict[ast.Call, Client] = {}
        if depth <= _DEEPEST:
            for leaf in self.values.leaves(module, node):
                for client in self._behind(leaf, depth):
                    found[client.node] = client
        self._known[node] = tuple(found.values())
        return self._known[node]

    def _behind(self, leaf: Value, depth: int) -> Iterator[Client]:
        module, node = leaf.module, leaf.node
        if isinstance(node, ast.arg):
            yield from self._of_parameter(module, node, depth)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            yield from self.clients_of(module, node.left, depth + 1)
            yield from self.clients_of(module, node.right, depth + 1)
        elif isinstance(node, ast.Call):
            client = self._client(module, node)
            if client is not None:
                yield client
                return
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if isinstance(node.func, ast.Attribute) and node.func.attr in catalogue.DERIVING:
                if node.func.attr in {"as_query_engine", "as_chat_engine"}:
                    yield from self._indexed
                elif node.func.attr != "create" or _chain(node.func)[-2:] == ("chats", "create"):
                    yield from self.clients_of(module, _root(node.func), depth + 1)
                    assert owner is not None  # noqa: S101 - for mypy
                    yield from self.clients_of(module, owner, depth + 1)
            dotted = module.resolve(node.func) or ""
            if catalogue.asks_what_it_is_given(dotted):
                for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                    yield from self.clients_of(module, argument, depth + 1)

    @cached_property
    def _indexed(self) -> tuple[Client, ...]:
        """The models of LlamaIndex, which its engines take from its settings."""
        return tuple(client for client in self.clients if client.dotted.startswith("llama_index."))

    def _of_parameter(self, module: Module, node: ast.arg, depth: int) -> Iterator[Client]:
        function = module.parent(module.parent(node) or node)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        default = default_of(function, node.arg)
        for given in (default, node.annotation):
            for call in _depends(given):
                yield from self.clients_of(module, call, depth + 1)
        for value in self.values.given(Callee(module, function), node.arg):
            if isinstance(value.node, ast.expr):
                yield from self.clients_of(value.module, value.node, depth + 1)

    # -- calls ---------------------------------------------------------------------------------

    def _model_call(self, module: Module, call: ast.Call) -> ModelCall | None:
        dotted = module.resolve(call.func) or ""
        if dotted in catalogue.DIRECT:
            agents = call.args[:1] if dotted.startswith("agents.Runner.") else []
            clients = tuple(c for agent in agents for c in self.clients_of(module, agent))
            how = dotted.partition(".")[2]
            return self._made(module, call, catalogue.DIRECT[dotted], how, clients)
        if not isinstance(call.func, ast.Attribute):
            return self._called_object(module, call)
        chain = _chain(call.func)
        for length in (3, 2, 1):
            end = chain[-length:]
            needed = catalogue.CHAINS.get(end)
            if needed is None or len(end) < length:
                continue
            given = {keyword.arg for keyword in call.keywords}
            if needed and not needed & given and None not in given:
                return None
            if end[0] == "invoke_model" and "embed" in module.symbol(call).lower():
                return None
            clients = self.clients_of(module, _root(call.func))
            if not clients and length == 1:
                clients = self.clients_of(module, call.func.value)
            if not clients and self.values.callee(module, call) is not None:
                return None
            provider = clients[0].provider if clients else _guess(module, dotted, end)
            return self._made(module, call, provider, ".".join(end), clients)
        if call.func.attr in _SENDING:
            return self._sent(module, call)
        if call.func.attr in catalogue.ASKING:
            return self._asked(module, call, call.func)
        return None

    def _asked(self, module: Module, call: ast.Call, function: ast.Attribute) -> ModelCall | None:
        clients = self.clients_of(module, function.value)
        if not clients and function.attr not in {"run", "query", "call", "chat"}:
            clients = self.clients_of(module, _root(function))
            if clients and len(_chain(function)) > 2 and not _is_self(function):
                return None  # client.files.stream(...), client.batches.batch(...)
        is_message = function.attr.startswith("send_message")
        if clients and clients[0].dotted in _SDK_ONLY and not is_message:
            return None
        if clients:
            return self._made(module, call, clients[0].provider, function.attr, clients)
        name = function.value.attr if isinstance(function.value, ast.Attribute) else ""
        name = function.value.id if isinstance(function.value, ast.Name) else name
        is_chained = "langchain" in module.text or "langgraph" in module.text
        is_asking = function.attr in {"invoke", "ainvoke", "stream", "astream", "predict"}
        if is_asking and is_chained and _MODEL_NAME.search(name):
            return self._made(module, call, "unknown", function.attr, ())
        return None

    def _called_object(self, module: Module, call: ast.Call) -> ModelCall | None:
        """Return a call of an object itself (``llm(prompt)``, ``executor(question)``)."""
        if not isinstance(call.func, ast.Name) or module.resolve(call.func) is not None:
            return None
        if self.values.callee(module, call) is not None:
            return None
        clients = self.clients_of(module, call.func)
        if clients and clients[0].dotted.startswith(("langchain", "llama_cpp", "transformers")):
            return self._made(module, call, clients[0].provider, "__call__", clients)
        return None

    def _sent(self, module: Module, call: ast.Call) -> ModelCall | None:
        given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        addresses = [*call.args[:2], *([given["url"]] if "url" in given else [])]
        for address in addresses:
            text = address_of(self.values, module, address)
            host = next((part for part in catalogue.HOSTS if part in text), None)
            if host is None or catalogue.NOT_TEXT.search(text.partition("?")[0]):
                continue
            found = self._made(module, call, catalogue.HOSTS[host], "http", ())
            if host in _PATHS and "model" not in found.options and not found.is_open:
                continue
            return found
        return None

    def _made(
        self, module: Module, call: ast.Call, provider: str, how: str, clients: tuple[Client, ...]
    ) -> ModelCall:
        options = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        options = self._with_nested(module, options)
        is_open = _is_open(call) or any(self._is_built(module, options.get(n)) for n in _NESTED)
        made = [client.options for client in clients]
        is_http = how == "http"
        prompts = tuple(sent(self.values, module, call, options, made=made, is_http=is_http))
        return ModelCall(module, call, provider, how, options, is_open, clients, prompts)

    def _is_built(self, module: Module, node: ast.expr | None) -> bool:
        """Whether a configuration is made somewhere that cannot be read."""
        if node is None:
            return False
        leaves = self.values.leaves(module, node)
        return any(isinstance(leaf.node, ast.Name | ast.Attribute | ast.arg) for leaf in leaves)

    def _with_nested(self, module: Module, options: dict[str, ast.expr]) -> dict[str, ast.expr]:
        found = dict(options)
        for name in _NESTED & set(options):
            for leaf in self.values.leaves(module, options[name]):
                for key, value in _entries(leaf.node):
                    found.setdefault(key, value)
                    if key in _NESTED:
                        for inner, deep in _entries(value):
                            found.setdefault(inner, deep)
        return found


_SDK_ONLY = frozenset(
    name
    for name in catalogue.CLIENTS
    if name.startswith(("openai.", "anthropic.", "groq.", "google.genai.", "langfuse."))
)
"""Clients whose calls all have an end of their own."""


_KNOWN: WeakKeyDictionary[Tree, dict[tuple[str, str], LanguageUse]] = WeakKeyDictionary()


def language_use(project: Project, service: Service, modules: Modules) -> LanguageUse:
    """Return what the app's modules do with language models; worked out once."""
    known = _KNOWN.setdefault(project.tree, {})
    key = (service.root, service.app.target)
    if key not in known:
        values = Values(modules, own_modules(project.tree), service.import_root)
        known[key] = LanguageUse(modules, values)
    return known[key]


def _entries(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg:
                yield keyword.arg, keyword.value
        for argument in node.args[:1]:  # json.dumps({...})
            if isinstance(argument, ast.Dict):
                yield from _entries(argument)


def _depends(node: ast.expr | None) -> Iterator[ast.Call]:
    """Yield calls of what a FastAPI dependency names: ``Depends(get_client)``."""
    nodes = [node] if isinstance(node, ast.Call) else []
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        nodes = [item for item in node.slice.elts if isinstance(item, ast.Call)]
    for call in nodes:
        is_dependency = isinstance(call.func, ast.Name) and call.func.id == "Depends"
        if is_dependency and call.args and isinstance(call.args[0], ast.Name):
            made = ast.Call(func=call.args[0], args=[], keywords=[])
            yield ast.copy_location(made, call)


def _guess(module: Module, dotted: str, end: tuple[str, ...]) -> str:
    if dotted.startswith("openai."):
        return "openai"
    if end[0] == "messages":
        return "anthropic"
    if end[-1].startswith("generate_content"):
        return "google"
    if end[0] in {"invoke_model", "converse", "invoke_model_with_response_stream"}:
        return "bedrock"
    for hint in ("groq", "openai", "mistral", "together"):
        if hint in module.text.lower():
            return hint
    return "unknown"


def _chain(node: ast.expr) -> tuple[str, ...]:
    """Return the attributes of an expression, outermost last, without its root."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return tuple(reversed(names))


def _root(node: ast.Attribute) -> ast.expr:
    """Return what a chain of attributes starts from; ``self.client`` for one of ``self``."""
    inner: ast.expr = node
    last: ast.expr = node
    while isinstance(inner, ast.Attribute):
        last, inner = inner, inner.value
    return last if isinstance(inner, ast.Name) and inner.id in {"self", "cls"} else inner


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(_root(node), ast.Attribute)


def _is_open(call: ast.Call) -> bool:
    return any(keyword.arg is None for keyword in call.keywords) or any(
        isinstance(argument, ast.Starred) for argument in call.args
    )
