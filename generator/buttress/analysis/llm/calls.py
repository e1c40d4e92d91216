"""Every call of a language model."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.addresses import address_of
from buttress.analysis.llm.clients import Clients
from buttress.analysis.llm.holders import chain_of, root_of
from buttress.analysis.llm.model import Client, ModelCall
from buttress.analysis.llm.options import is_built_elsewhere, is_open, options_of
from buttress.analysis.llm.prompts import sent
from buttress.analysis.llm.values import Callee, Values
from buttress.analysis.once import once_for_service
from buttress.analysis.taint import Sources
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_MODEL_NAME = lazy_pattern(
    r"(?:^|_)(?:llm|chain|chat_model|language_model|agent_executor|response_model|chat_llm|qa)\Z",
    re.IGNORECASE,
)
_SENDING = frozenset({"post", "request", "stream", "build_request"})
_INVOKING = frozenset({"invoke", "ainvoke", "stream", "astream", "predict"})
_CHAINING = ("langchain", "langgraph")
_CALLABLE = ("langchain", "llama_cpp", "transformers")
_PATHS = frozenset({":11434", "/api/generate", "/chat/completions", "/v1/messages"})
_ROUNDS = 5
_MOST_CALLS = 40
_ENDS = frozenset(chain[-1] for chain in catalogue.CHAINS)


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

    @property
    def clients(self) -> tuple[Client, ...]:
        """All clients, in the order of the files."""
        return self._clients.all

    @cached_property
    def _clients(self) -> Clients:
        return Clients(self.modules, self.values)

    def clients_of(self, module: Module, node: ast.expr) -> tuple[Client, ...]:
        """Return the clients that an expression may stand for, through chains and agents."""
        return self._clients.of(module, node)

    @cached_property
    def calls(self) -> tuple[ModelCall, ...]:
        """All calls of models, in the order of the files."""
        made = {call: self._model_call(module, call) for module, call in self._candidates()}
        found = [call for call in made.values() if call is not None]
        # of two that begin at one place, the outer one comes first
        found.sort(key=lambda c: (c.module.path, c.node.lineno, c.node.col_offset, -(c.node.end_lineno or 0), -(c.node.end_col_offset or 0)))  # fmt: skip
        return tuple(found)

    def _candidates(self) -> Iterator[tuple[Module, ast.Call]]:
        """Yield the calls that may be one of a model, by their names."""
        if not any(self.modules.having(hint) for hint in catalogue.HINTS):
            return
        yield from self.modules.calls(*catalogue.DIRECT)
        names = set(_ENDS)
        if self._has_hosts:
            names |= _SENDING
        if self.clients:
            names |= catalogue.ASKING
        elif self._chaining:
            names |= _INVOKING
        yield from self.modules.called(*names)
        if any(client.dotted.startswith(_CALLABLE) for client in self.clients):
            for module in self._clients.holders.modules:
                for call in module.nodes(ast.Call):
                    if isinstance(call.func, ast.Name):
                        yield module, call

    @cached_property
    def _has_hosts(self) -> bool:
        return bool(self.modules.having(*catalogue.HOSTS))

    @cached_property
    def _chaining(self) -> frozenset[str]:
        return frozenset(module.path for module in self.modules.having(*_CHAINING))

    def asks(self, node: ast.AST) -> bool:
        """Whether a node is a call of a model."""
        return node in self._call_nodes

    @cached_property
    def _call_nodes(self) -> frozenset[ast.AST]:
        return frozenset(call.node for call in self.calls)

    @cached_property
    def around(self) -> frozenset[ast.AST]:
        """What a model's answer may come to: all that holds a call of one, or of what holds one.

        The top of a file is in it for its own statements alone.
        """
        found: set[ast.AST] = set()
        reached = [(call.module, call.node) for call in self.calls]
        for _ in range(_ROUNDS):
            functions = [f for module, node in reached for f in _holding(module, node, found)]
            reached = [place for function in functions for place in self._running(function)]
        return frozenset(found)

    def _running(self, function: Callee) -> Sequence[tuple[Module, ast.Call]]:
        """Return the calls that may run a function, by its name; those that do, of a common name."""
        found = list(self.modules.called(function.node.name))
        return found if len(found) <= _MOST_CALLS else self.values.callers(function)

    # -- one of them ---------------------------------------------------------------------------

    def _model_call(self, module: Module, call: ast.Call) -> ModelCall | None:
        dotted = module.resolve(call.func) or ""
        if dotted in catalogue.DIRECT:
            agents = call.args[:1] if dotted.startswith("agents.Runner.") else []
            clients = tuple(c for agent in agents for c in self.clients_of(module, agent))
            how = dotted.partition(".")[2]
            return self._made(module, call, catalogue.DIRECT[dotted], how, clients)
        if not isinstance(call.func, ast.Attribute):
            return self._called_object(module, call)
        end = _known_end(call.func)
        if end is not None:
            return self._of_chain(module, call, call.func, end)
        sent = self._sent(module, call) if call.func.attr in _SENDING and self._has_hosts else None
        if sent is not None:
            return sent
        if call.func.attr in catalogue.ASKING:
            return self._asked(module, call, call.func)
        return None

    def _of_chain(
        self, module: Module, call: ast.Call, function: ast.Attribute, end: tuple[str, ...]
    ) -> ModelCall | None:
        needed = catalogue.CHAINS[end]
        given = {keyword.arg for keyword in call.keywords}
        if needed and not needed & given and None not in given:
            return None
        if end[0] == "invoke_model" and "embed" in module.symbol(call).lower():
            return None
        clients = self.clients_of(module, root_of(function))
        if not clients and len(end) == 1:
            clients = self.clients_of(module, function.value)
        if not clients and self.values.callee(module, call) is not None:
            return None
        dotted = module.resolve(function) or ""
        provider = clients[0].provider if clients else _guess(module, dotted, end)
        return self._made(module, call, provider, ".".join(end), clients)

    def _asked(self, module: Module, call: ast.Call, function: ast.Attribute) -> ModelCall | None:
        clients = self.clients_of(module, function.value)
        if not clients and function.attr not in {"run", "query", "call", "chat"}:
            clients = self.clients_of(module, root_of(function))
            if clients and len(chain_of(function)) > 2 and not _is_self(function):
                return None  # client.files.stream(...), client.batches.batch(...)
        is_message = function.attr.startswith("send_message")
        if clients and clients[0].dotted in _SDK_ONLY and not is_message:
            return None
        if clients:
            return self._made(module, call, clients[0].provider, function.attr, clients)
        name = function.value.attr if isinstance(function.value, ast.Attribute) else ""
        name = function.value.id if isinstance(function.value, ast.Name) else name
        is_chained = module.path in self._chaining and function.attr in _INVOKING
        if is_chained and _MODEL_NAME.search(name):
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
        options = options_of(self.values, module, call)
        may_have_more = is_open(call) or is_built_elsewhere(self.values, module, options)
        made = [client.options for client in clients]
        is_http = how == "http"
        prompts = tuple(sent(self.values, module, call, options, made=made, is_http=is_http))
        return ModelCall(module, call, provider, how, options, may_have_more, clients, prompts)


_SDK_ONLY = frozenset(
    name
    for name in catalogue.CLIENTS
    if name.startswith(("openai.", "anthropic.", "groq.", "google.genai.", "langfuse."))
)
"""Clients whose calls all have an end of their own."""


@once_for_service
def language_use(project: Project, service: Service, modules: Modules) -> LanguageUse:
    """Return what the app's modules do with language models; worked out once."""
    return LanguageUse(modules, Values(modules, own_modules(project.tree), service.import_root))


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


def _known_end(function: ast.Attribute) -> tuple[str, ...] | None:
    """Return the end of a chain of attributes that asks a model whoever owns it."""
    chain = chain_of(function)
    ends = (chain[-length:] for length in (3, 2, 1) if len(chain) >= length)
    return next((end for end in ends if end in catalogue.CHAINS), None)


def _holding(module: Module, node: ast.AST, found: set[ast.AST]) -> Iterator[Callee]:
    """Add all that a node stands in to what was found, and yield the functions that are new there."""
    is_inside = False
    for above in module.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            is_inside = True
            if above not in found:
                yield Callee(module, above)
        if above is not module.tree or not is_inside:
            found.add(above)


def _is_self(node: ast.Attribute) -> bool:
    return isinstance(root_of(node), ast.Attribute)
