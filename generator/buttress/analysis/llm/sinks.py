"""Interpreters that a model's answer reaches: SQL, Python, shells, templates, HTML, files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.llm.answers import Answers
from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.tools import tools
from buttress.analysis.taint import Kind, Sources, flows
from buttress.project.model import Project, Service
from buttress.source import Module
from buttress.source.nodes import Function

_LABEL = "model"
_DEEPEST = 3
_BECOMES = {
    Kind.SQL: "is run as SQL",
    Kind.CODE: "is run as Python",
    Kind.SHELL: "is run as a command",
    Kind.TEMPLATE: "is run as a template",
    Kind.HTML: "is sent as HTML without escaping",
    Kind.OBJECT: "is unpickled",
    Kind.PATH: "names a file",
    Kind.XPATH: "is run as XPath",
    Kind.LDAP: "is run as a search for LDAP",
}
_EXECUTORS = {
    "PythonREPLTool": "Python", "PythonAstREPLTool": "Python", "PythonREPL": "Python", "ShellTool": "shell commands", "BashProcess": "shell commands",
    "SQLDatabaseChain": "SQL", "SQLDatabaseToolkit": "SQL", "QuerySQLDataBaseTool": "SQL", "QuerySQLDatabaseTool": "SQL", "create_sql_agent": "SQL",
    "NLSQLTableQueryEngine": "SQL", "create_pandas_dataframe_agent": "Python", "create_csv_agent": "Python", "create_python_agent": "Python",
    "PandasQueryEngine": "Python", "CodeInterpreterToolSpec": "Python", "PandasInstructionParser": "Python",
    "PolarsQueryEngine": "Python", "PolarsInstructionParser": "Python", "create_spark_dataframe_agent": "Python",
    "create_xorbits_agent": "Python", "PALChain": "Python", "CPALChain": "Python", "LLMBashChain": "shell commands",
    "SQLDatabaseSequentialChain": "SQL", "SQLTableRetrieverQueryEngine": "SQL", "PGVectorSQLQueryEngine": "SQL",
    "GraphCypherQAChain": "Cypher",
}  # fmt: skip
_LIBRARIES = ("langchain", "llama_index")


@dataclass(frozen=True, slots=True)
class Interpreted:
    """A place where an answer is interpreted.

    Attributes:
        module: The file.
        node: The call.
        what: What becomes of the answer.
    """

    module: Module
    node: ast.expr
    what: str


def interpreted(project: Project, service: Service, use: LanguageUse) -> Iterator[Interpreted]:
    """Yield where an answer, or what a tool is given by the model, reaches an interpreter."""
    reached: set[tuple[Module, int, str]] = set()
    for flow in flows(project, service, use.modules, _sources(use)):
        if flow.label == _LABEL and flow.kind in _BECOMES:
            found = Interpreted(flow.module, flow.node, _BECOMES[flow.kind])
            key = (flow.module, flow.node.lineno, found.what)
            if key not in reached:
                reached.add(key)
                yield found
    for module in use.modules.having(*_LIBRARIES).having(*_EXECUTORS):
        seen: set[str] = set()
        for call in module.nodes(ast.Call):
            target = module.resolve(call.func) or ""
            if not target.startswith(_LIBRARIES) or _is_refused(call):
                continue
            name = next((part for part in target.split(".") if part in _EXECUTORS), None)
            if name is not None and _EXECUTORS[name] not in seen:
                seen.add(_EXECUTORS[name])
                yield Interpreted(module, call, f"is run as {_EXECUTORS[name]} by {name}")


def _is_refused(call: ast.Call) -> bool:
    """Whether a helper is told not to run what the model writes."""
    return any(
        keyword.arg in {"allow_dangerous_code", "allow_dangerous_requests", "sql_only"}
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is (keyword.arg == "sql_only")
        for keyword in call.keywords
    )


def _sources(use: LanguageUse) -> Sources:
    """Return what the flow of answers begins with, one object for each reading of an app."""
    if use.sources is None:
        use.sources = _Beginning(use).sources()
    return use.sources


class _Beginning:
    def __init__(self, use: LanguageUse) -> None:
        self._use = use
        self._answers = Answers(use)
        self._tools = {tool.node: tool for tool in tools(use)}

    def sources(self) -> Sources:
        return Sources(
            _LABEL,
            holders=self._use.around,
            expression=self._is_answer,
            parameter=self._is_given,
        )

    def _is_answer(self, module: Module, node: ast.expr, _what: str) -> bool:
        return isinstance(node, ast.Call) and self._answers.comes_from(module, node)

    def _is_given(self, _module: Module, function: Function, argument: ast.arg) -> bool:
        return function in self._tools and argument.arg not in {"self", "cls", "ctx", "context"}
