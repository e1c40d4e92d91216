"""What is known of a client of a language model, and of a call."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.values import Value
from buttress.source import Module
from buttress.source.nodes import Function


@dataclass(frozen=True, slots=True)
class Client:
    """An object that asks a model, where it is made.

    Attributes:
        module: The file.
        node: The call that makes it.
        dotted: Its class, as the library calls it, with its package.
        provider: Whose model it asks.
        options: Its arguments by name.
        is_open: Whether it may have arguments that are not written here (``**options``).
    """

    module: Module
    node: ast.Call
    dotted: str
    provider: str
    options: Mapping[str, ast.expr]
    is_open: bool

    @property
    def name(self) -> str:
        """Its class."""
        return self.dotted.rpartition(".")[2]

    @property
    def is_async(self) -> bool:
        """Whether its methods are coroutines."""
        return "Async" in self.name


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A place where a model is asked.

    Attributes:
        module: The file.
        node: The call.
        provider: Whose model is asked; ``unknown`` where that is not known.
        how: The end of the call, as in ``chat.completions.create``.
        options: Its arguments by name, those inside a configuration object included.
        is_open: Whether it may have arguments that are not written here.
        clients: What its owner was made by, as far as that is known.
        prompts: The expressions that are sent, instructions included.
    """

    module: Module
    node: ast.Call
    provider: str
    how: str
    options: Mapping[str, ast.expr]
    is_open: bool
    clients: tuple[Client, ...] = ()
    prompts: tuple[Value, ...] = ()

    @property
    def function(self) -> Function | None:
        """The function that it stands in."""
        return self.module.function(self.node)

    @property
    def is_local(self) -> bool:
        """Whether the model runs on the app's own machines."""
        return self.provider in catalogue.LOCAL

    def option(self, *names: str) -> ast.expr | None:
        """Return an argument of the call, or else of its clients."""
        for options in (self.options, *(client.options for client in self.clients)):
            for name in names:
                if name in options:
                    return options[name]
        return None

    @property
    def may_have_more(self) -> bool:
        """Whether the call or a client of it has arguments that cannot be read."""
        return self.is_open or any(client.is_open for client in self.clients)
