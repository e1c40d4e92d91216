"""Where untrusted values go: an abstract interpretation of one function at a time.

``flows(project, service, modules)`` gives everything that clients send and that reaches a sink. Statements run
in their order on abstract values: constants are worked out, so that branches that cannot be taken are
not; lists, mappings and objects are known by index, key and attribute; texts by the pieces that they
are made of; conditions that a value was checked by are remembered. Functions of the project are
entered with the values that they are given.

Other sources use the same sinks: make one ``Sources`` at the top of a module and give it to
``flows``::

    ANSWERS = Sources("model", hints=("openai",), expression=is_answer)

    def is_answer(module: Module, node: ast.expr, what: str) -> bool:
        return what.endswith(".chat.completions.create()")

    for flow in flows(project, service, modules, ANSWERS):
        if flow.label == "model" and flow.kind is Kind.SQL: ...

What is unknown is not taken for untrusted.
"""

from buttress.analysis.taint.engine import Flow, flows
from buttress.analysis.taint.sinks import Kind
from buttress.analysis.taint.sources import CLIENT, PARAMETER, REQUESTS, Sources

__all__ = ["CLIENT", "PARAMETER", "REQUESTS", "Flow", "Kind", "Sources", "flows"]
