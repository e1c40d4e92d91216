"""Objects that ask a model: where they are made, and which one an expression stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.holders import Holders, dependencies, is_deriving, root_of
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
                options_of(self._values, module, call), is_open(call),
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
        provider = catalogue.provider_of(dotted)
        if provider is not None and self._values.class_of(module, call.func) is not None:
            return None  # a class of the project that goes by the same name
        return provider

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
            if client is not None:
                yield client
                return
            if isinstance(node.func, ast.Attribute):
                yield from self._derived(module, node.func, depth)
            if catalogue.asks_what_it_is_given(module.resolve(node.func) or ""):
                for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
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
