"""What a model may do by itself: the functions that it is given as tools, and what they change."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.model import Client, ModelCall
from buttress.analysis.llm.values import Callee
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_DEEPEST = 2
_DECORATORS = frozenset(
    {
        "langchain.tools.tool", "langchain_core.tools.tool", "langchain.agents.tool", "langchain_core.tools.convert.tool", "agents.function_tool",
        "crewai.tools.tool", "crewai_tools.tool", "smolagents.tool", "anthropic.beta_tool", "strands.tool", "claude_agent_sdk.tool",
    }
)  # fmt: skip
_MAKERS = lazy_pattern(r"(?:^|\.)(?:Tool|StructuredTool|FunctionTool)(?:\.from_\w+)?\Z")
_MAKER_LIBRARIES = ("langchain", "llama_index", "agents", "autogen", "google.genai", "pydantic_ai")
_GATE = lazy_pattern(
    r"confirm|approv|human|interrupt|consent|dry_run|allow_?list|allowed|whitelist|permission|requires_review",
    re.IGNORECASE,
)
_CHANGES = lazy_pattern(r"^\s*(?:DELETE|DROP|TRUNCATE|ALTER|UPDATE)\b", re.IGNORECASE)
_RUNS = frozenset(
    {"os.system", "os.popen", "builtins.exec", "builtins.eval", "subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_output", "subprocess.check_call", "subprocess.getoutput"}
)  # fmt: skip
_REMOVES = frozenset(
    {
        "os.remove",
        "os.unlink",
        "os.rmdir",
        "shutil.rmtree",
        "shutil.move",
        "os.rename",
        "os.replace",
    }
)
_SENDS = frozenset(
    {"django.core.mail.send_mail", "resend.Emails.send", "smtplib.SMTP", "smtplib.SMTP_SSL", "sendgrid.SendGridAPIClient", "yagmail.SMTP"}
)  # fmt: skip
_PAYS = ("stripe.", "paypalrestsdk.", "braintree.")
_OUTWARD = lazy_pattern(
    r"send|book|order|pay|purchase|transfer|publish|submit|cancel|delete|remove|post_|notify",
    re.IGNORECASE,
)
_TOOL_NAME = lazy_pattern(r"(?:function|tool|func|tool_call|block|fn)[._]name\Z")
_ERASERS = frozenset({"delete", "delete_one", "delete_many", "drop", "drop_collection", "delete_item", "hard_delete", "truncate"})  # fmt: skip
_EXECUTES = frozenset({"execute", "executescript", "executemany", "exec_driver_sql", "read_sql", "read_sql_query"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call.

    Attributes:
        module: The file.
        node: The function, or the branch that stands for it.
        name: What the model calls it.
        body: Its statements.
        function: The function that its statements stand in.
    """

    module: Module
    node: Function | ast.If
    name: str
    body: tuple[ast.stmt, ...]
    function: Function | None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a tool does and that cannot be taken back.

    Attributes:
        tool: The tool.
        what: What it does, in a few words.
    """

    tool: Tool
    what: str


def tools(use: LanguageUse) -> list[Tool]:
    """Return the functions that models are given, each once."""
    found: dict[ast.AST, Tool] = {}
    for module in use.modules.having("tool", "Tool"):
        for tool in (*_decorated(use, module), *_made(use, module), *_classes(module)):
            found.setdefault(tool.node, tool)
    for tool in (*_listed(use), *_dispatched(use)):
        found.setdefault(tool.node, tool)
    return list(found.values())


def _tool(module: Module, node: Function, name: str = "") -> Tool:
    return Tool(module, node, name or node.name, tuple(node.body), node)


def _decorated(use: LanguageUse, module: Module) -> Iterator[Tool]:
    if "tool" not in module.text:
        return
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            is_agent = (
                isinstance(inner, ast.Attribute)
                and inner.attr in {"tool", "tool_plain"}
                and any(c.name == "Agent" for c in use.clients_of(module, inner.value))
            )
            if is_agent or (module.resolve(inner) or "") in _DECORATORS:
                yield _tool(module, node)


def _made(use: LanguageUse, module: Module) -> Iterator[Tool]:
    if "Tool" not in module.text:
        return
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        if not (_MAKERS.search(target) and target.startswith(_MAKER_LIBRARIES)):
            continue
        given = [k.value for k in call.keywords if k.arg in {"func", "fn", "function", "coroutine"}]
        for value in (*given, *call.args[:2]):
            callee = _named(use, module, value)
            if callee is not None:
                yield _tool(callee.module, callee.node)


def _classes(module: Module) -> Iterator[Tool]:
    if "BaseTool" not in module.text:
        return
    for owner in module.nodes(ast.ClassDef):
        if not any((module.resolve(base) or "").endswith(".BaseTool") for base in owner.bases):
            continue
        for item in owner.body:
            if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if item.name in {"_run", "_arun", "run"}:
                yield _tool(module, item, owner.name)


def _listed(use: LanguageUse) -> Iterator[Tool]:
    """Yield the functions in ``tools=[...]`` of calls and clients."""
    for module, given in _lists(use):
        for leaf in use.values.leaves(module, given):
            if isinstance(leaf.node, ast.List | ast.Tuple):
                for item in leaf.node.elts:
                    callee = _named(use, leaf.module, item)
                    if callee is not None:
                        yield _tool(callee.module, callee.node)


def _lists(use: LanguageUse) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the lists of tools that calls, clients and agents are given."""
    places: list[Client | ModelCall] = [*use.calls, *use.clients]
    for place in places:
        given = place.options.get("tools") or place.options.get("functions")
        if given is not None:
            yield place.module, given
    for module, call in use.modules.calls(*catalogue.AGENTS):
        named = [keyword.value for keyword in call.keywords if keyword.arg == "tools"]
        for value in (*call.args[1:2], *named):
            yield module, value


def _dispatched(use: LanguageUse) -> Iterator[Tool]:
    """Yield what is called where a tool's name is compared, or looked up in a table."""
    asking = {call.module for call in use.calls if {"tools", "functions"} & set(call.options)}
    asking |= set(use.modules.having("tool_calls", "tool_use"))
    names = {name for module in asking for name in _declared(module)}
    names |= {name for call in use.calls if "tools" in call.options for name in _declared(call.module)}  # fmt: skip
    for module in asking:
        for branch in module.nodes(ast.If):
            name, is_tool = _compared(branch.test)
            if name and (is_tool or name in names):
                yield Tool(module, branch, name, tuple(branch.body), module.function(branch))
        for table in module.nodes(ast.Dict):
            for key, value in zip(table.keys, table.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in names:
                    callee = _named(use, module, value)
                    if callee is not None:
                        yield _tool(callee.module, callee.node, str(key.value))


def _declared(module: Module) -> Iterator[str]:
    """Yield the names of tools that a file describes to a model."""
    for table in module.nodes(ast.Dict):
        entries = {
            key.value: value
            for key, value in zip(table.keys, table.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        name = entries.get("name")
        if isinstance(name, ast.Constant) and {"parameters", "input_schema"} & set(entries):
            yield str(name.value)


def _compared(test: ast.expr) -> tuple[str, bool]:
    """Return the text that a name is compared with, and whether it is plainly a tool's name."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = (test.left, test.comparators[0])
        for side, other in (sides, sides[::-1]):
            if isinstance(side, ast.Constant) and isinstance(side.value, str):
                return side.value, bool(_TOOL_NAME.search(ast.unparse(other)))
    return "", False


def _named(use: LanguageUse, module: Module, node: ast.expr) -> Callee | None:
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    made = ast.copy_location(ast.Call(func=node, args=[], keywords=[]), node)
    return use.values.callee(module, made)


# -- what they do ----------------------------------------------------------------------------------


def unapproved_acts(use: LanguageUse) -> Iterator[Act]:
    """Yield the tools that change what cannot be changed back, with nobody asked before."""
    for tool in tools(use):
        if _is_gated(use, tool):
            continue
        what = _act(use, tool)
        if what:
            yield Act(tool, what)


def _is_gated(use: LanguageUse, tool: Tool) -> bool:
    places = [(tool.module, tool.node)]
    if tool.function is not None:
        places.append((tool.module, tool.function))
    if any(_GATE.search(name) for _, node in places for name in _names(node)):
        return True
    return any(
        _GATE.search(keyword.arg or "")
        for module in use.modules.having("interrupt", "approv", "human")
        for call in module.nodes(ast.Call)
        for keyword in call.keywords
    )


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.arg):
            yield part.arg


def _act(use: LanguageUse, tool: Tool) -> str:
    """Return what a tool does that cannot be taken back, itself or through functions it calls."""
    seen: set[ast.AST] = set()
    reached = [(tool.module, tool.body)]
    for _ in range(_DEEPEST + 1):
        onward = []
        for module, body in reached:
            for node in (part for statement in body for part in ast.walk(statement)):
                if not isinstance(node, ast.Call):
                    continue
                what = _does(module, node, tool.name)
                if what:
                    return what
                callee = use.values.callee(module, node)
                if callee is not None and callee.node not in seen:
                    seen.add(callee.node)
                    onward.append((callee.module, tuple(callee.node.body)))
        reached = onward
    return ""


def _does(module: Module, call: ast.Call, name: str) -> str:
    target = module.resolve(call.func) or ""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if target in _RUNS:
        return "runs code or commands"
    if target in _REMOVES:
        return "removes or moves files"
    if target in _SENDS or method == "sendmail":
        return "sends mail"
    if target.startswith(_PAYS) and method == "create":
        return "spends money"
    if target in {"requests.delete", "requests.put", "httpx.delete", "httpx.put"}:
        return "changes another system"
    if target in {"requests.post", "httpx.post"} and _OUTWARD.search(name):
        return "changes another system"
    if method in _ERASERS and not target.startswith(("requests.", "httpx.")):
        return "deletes data"
    if method in _EXECUTES and call.args:
        return _statement(module, call.args[0])
    return ""


def _statement(module: Module, node: ast.expr) -> str:
    inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        return "deletes or changes data" if _CHANGES.match(inner.value) else ""
    if isinstance(inner, ast.JoinedStr) and inner.values:
        first = inner.values[0]
        text = first.value if isinstance(first, ast.Constant) else ""
        return "deletes or changes data" if _CHANGES.match(str(text)) else ""
    if isinstance(inner, ast.Name):
        function = module.function(inner)
        arguments = {item.arg for item in function.args.args} if function is not None else set()
        return "runs any SQL that it is given" if inner.id in arguments else ""
    return ""


def endless_agents(use: LanguageUse) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the calls of a model with tools in a loop that only the model ends."""
    for call in use.calls:
        if not {"tools", "functions"} & set(call.options):
            continue
        loop = next(
            (
                above
                for above in call.module.ancestors(call.node)
                if isinstance(above, ast.While | ast.For | ast.AsyncFor | ast.FunctionDef | ast.AsyncFunctionDef)
            ),
            None,
        )  # fmt: skip
        if not isinstance(loop, ast.While) or not isinstance(loop.test, ast.Constant):
            continue
        counts = any(
            isinstance(node, ast.Compare)
            and any(isinstance(op, ast.Gt | ast.GtE | ast.Lt | ast.LtE) for op in node.ops)
            for node in ast.walk(loop)
        )
        if not counts:
            yield call.module, call.node
    for module in use.modules.having("max_iterations"):
        for made in module.nodes(ast.Call):
            for keyword in made.keywords:
                is_none = isinstance(keyword.value, ast.Constant) and keyword.value.value is None
                if keyword.arg == "max_iterations" and is_none:
                    yield module, made
