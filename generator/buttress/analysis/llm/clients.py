"""Objects that ask a model: where they are made, and which one an expression stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.holders import Holders, dependencies, is_deriving, parts_given, root_of
from buttress.analysis.llm.model import Client
from buttress.analysis.llm.options import is_open, options_of
from buttress.analysis.llm.values import Callee, Value, Values, default_of
from buttress.project.literals import literal_text
from buttress.source import Module, Modules

_DEEPEST = 6
_GENERATION = frozenset({"text-generation", "text2text-generation", "conversational"})
_BEDROCK = ("boto3.client", "aioboto3.client")
_PIPELINES = ("transformers.pipeline", "transformers.pipelines.pipeline")


class Clients:
    """The clients of an app.

    Args:
        modules: The app's modules.
        values: Follows values through them.
    """

    def __init__(self, modules: Modules, values: Values) -> None:
        self._modules = modules
        self._values = values
        self._made: dict[ast.Call, Client | None] = {}
        self._known: dict[ast.AST, tuple[Client, ...]] = {}

    @cached_property
    def all(self) -> tuple[Client, ...]:
        """All clients, in the order of the files."""
        made = {call: self._client(module, call) for module, call in self._candidates()}
        found = [client for client in made.values() if client is not None]
        found.sort(key=lambda c: (c.module.path, c.node.lineno, c.node.col_offset))
        return tuple(found)

    def _candidates(self) -> Iterator[tuple[Module, ast.Call]]:
        yield from self._modules.calls(*catalogue.CLIENTS, *_BEDROCK, *_PIPELINES)
        for module in self._modules.having(*catalogue.CLIENT_PACKAGES):
            yield from ((module, call) for call in module.nodes(ast.Call))

    @cached_property
    def holders(self) -> Holders:
        """The names that may stand for one of them."""
        return Holders(self._modules, self._values, self.all)

    # -- where they are made -------------------------------------------------------------------

    def _client(self, module: Module, call: ast.Call) -> Client | None:
        if call not in self._made:
            provider = self._provider(module, call)
            self._made[call] = None if provider is None else Client(
                module, call, module.resolve(call.func) or "", provider,
                options_of(self._values, module, call), is_open(call) or self._is_given(module, call),
            )  # fmt: skip
        return self._made[call]

    def _provider(self, module: Module, call: ast.Call) -> str | None:
        """Return whose model is asked by what a call makes."""
        dotted = module.resolve(call.func)
        if dotted is None or "." not in dotted:
            return None
        if dotted in _BEDROCK:
            is_bedrock = any("bedrock" in literal_text(argument) for argument in call.args)
            return "bedrock" if is_bedrock else None
        if dotted in _PIPELINES:
            return "local" if any(literal_text(a) in _GENERATION for a in call.args[:1]) else None
        if dotted in catalogue.AGENTS:
            return self._provider_of_agent(module, call)
        provider = catalogue.provider_of(dotted)
        if provider == "other" and dotted.endswith(".init_chat_model"):
            provider = self._named_provider(module, call)
        if provider is not None and self._values.class_of(module, call.func) is not None:
            return None  # a class of the project that goes by the same name
        return provider

    def _provider_of_agent(self, module: Module, call: ast.Call) -> str | None:
        """Return whose model an agent asks, unless that is a client that is made elsewhere."""
        for leaf in self._models(module, call):
            if isinstance(leaf.node, ast.Call) and self._is_model(leaf.module, leaf.node):
                return None
        return self._named_provider(module, call)

    def _is_model(self, module: Module, call: ast.Call) -> bool:
        function = call.func
        is_derived = isinstance(function, ast.Attribute) and is_deriving(function)
        return is_derived or self._client(module, call) is not None

    def _is_given(self, module: Module, call: ast.Call) -> bool:
        """Whether an agent may be given a model that has limits of its own."""
        if module.resolve(call.func) not in catalogue.AGENTS:
            return False
        return any(not literal_text(leaf.node) for leaf in self._models(module, call))

    def _named_provider(self, module: Module, call: ast.Call) -> str:
        """Return the provider in the name of a model."""
        texts = (literal_text(leaf.node) for leaf in self._models(module, call))
        return catalogue.provider_in(" ".join(texts))

    def _models(self, module: Module, call: ast.Call) -> list[Value]:
        """Return what may be the model of a call: its first argument, or one by that name."""
        given = [k.value for k in call.keywords if k.arg in {"model", "model_provider"}]
        return [
            leaf
            for value in (*call.args[:1], *given)
            for leaf in self._values.leaves(module, value)
        ]

    # -- which one is meant --------------------------------------------------------------------

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> tuple[Client, ...]:
        """Return the clients that an expression may stand for, through chains and agents."""
        if node in self._known:
            return self._known[node]
        self._known[node] = ()
        found: dict[ast.Call, Client] = {}
        if depth <= _DEEPEST and self.holders.may_be(module, node):
            for leaf in self._values.leaves(module, node):
                for client in self._behind(leaf, depth):
                    found[client.node] = client
        self._known[node] = tuple(found.values())
        return self._known[node]

    def _behind(self, leaf: Value, depth: int) -> Iterator[Client]:
        module, node = leaf.module, leaf.node
        if isinstance(node, ast.arg):
            yield from self._of_parameter(module, node, depth)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            yield from self.of(module, node.left, depth + 1)
            yield from self.of(module, node.right, depth + 1)
        elif isinstance(node, ast.Call):
            client = self._client(module, node)
            if client is not None and client.dotted not in catalogue.AGENTS:
                yield client
                return
            if isinstance(node.func, ast.Attribute):
                yield from self._derived(module, node.func, depth)
            given = tuple(self._of_arguments(module, node, depth))
            yield from given or ([client] if client is not None else [])

    def _of_arguments(self, module: Module, call: ast.Call, depth: int) -> Iterator[Client]:
        """Yield the models that an agent or a chain is given."""
        if catalogue.asks_what_it_is_given(module.resolve(call.func) or ""):
            for argument in parts_given(call):
                yield from self.of(module, argument, depth + 1)

    def _derived(self, module: Module, function: ast.Attribute, depth: int) -> Iterator[Client]:
        """Yield the models that a method gives another form of."""
        if function.attr in catalogue.ENGINES:
            yield from (c for c in self.all if c.dotted.startswith("llama_index."))
        elif is_deriving(function):
            yield from self.of(module, root_of(function), depth + 1)
            yield from self.of(module, function.value, depth + 1)

    def _of_parameter(self, module: Module, node: ast.arg, depth: int) -> Iterator[Client]:
        function = module.parent(module.parent(node) or node)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        for given in (default_of(function, node.arg), node.annotation):
            for call in dependencies(given):
                yield from self.of(module, call, depth + 1)
        for value in self._values.given(Callee(module, function), node.arg):
            if isinstance(value.node, ast.expr):
                yield from self.of(value.module, value.node, depth + 1)
