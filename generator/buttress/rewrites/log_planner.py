"""What both rewrites of logging know about a service, and what stands beside a line in its block."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

from buttress.analysis.errors.caught import brings_traceback
from buttress.analysis.logs.loggers import LogCall, Loggers
from buttress.analysis.logs.messages import Message
from buttress.analysis.logs.output_readers import PRINTED, OutputReaders
from buttress.analysis.logs.printing import Printed, mentioned_elsewhere, prints
from buttress.project.model import Role
from buttress.rewrites.events import is_decoration
from buttress.rewrites.log_evaluation import secrets_of
from buttress.rewrites.log_levels import is_only_traceback, reports, siblings
from buttress.rewrites.log_line import Unwritable
from buttress.rewrites.log_messages import logged_message, printed_message
from buttress.rewrites.log_targets import Targets
from buttress.rewrites.outcomes import Abstained, Changed, Outcome, Safety
from buttress.rewrites.registry import Context
from buttress.source import Edit, Module, apply_edits

_LOUD = frozenset(["error", "critical", "fatal"])


class Planner:
    """The lines that the app modules of one service write, and what becomes of them.

    A line may depend on its neighbour: of two lines that bring the same traceback one goes, and
    the neighbour may be a print as well as a log call. So one planner knows how both are treated.

    Args:
        context: What the rewrites may look at.
        of_print: Decides about a call that prints; raises ``Unwritable`` to abstain.
        of_call: Decides about a log call, likewise.
    """

    def __init__(
        self,
        context: Context,
        of_print: Callable[[Planner, Module, Printed], Outcome],
        of_call: Callable[[Planner, Module, LogCall], Outcome],
    ) -> None:
        self.context = context
        self.loggers = Loggers(context.draft, context.project, context.service)
        self.targets = Targets(self.loggers)
        root = context.service.import_root
        self.readers = OutputReaders(PRINTED, context.project, self.loggers.modules, root)
        self._of_print, self._of_call = of_print, of_call
        self._printed: dict[str, dict[ast.Call, Printed]] = {}
        self._log_calls: dict[str, dict[ast.Call, LogCall]] = {}

    def printed(self, module: Module) -> dict[ast.Call, Printed]:
        """Return the calls of a module that print diagnostics."""
        if module.path not in self._printed:
            root = self.context.service.import_root
            is_mentioned = mentioned_elsewhere(self.loggers.modules, module.path, root)
            found = prints(module, is_mentioned)
            self._printed[module.path] = {item.call: item for item in found if not item.exempt}
        return self._printed[module.path]

    def log_calls(self, module: Module) -> dict[ast.Call, LogCall]:
        """Return the log calls of a module."""
        if module.path not in self._log_calls:
            found = self.loggers.calls(module)
            self._log_calls[module.path] = {item.call: item for item in found}
        return self._log_calls[module.path]

    def outcome_of(self, module: Module, call: ast.Call) -> Outcome:
        """Return what becomes of a call that prints or logs."""
        try:
            printed = self.printed(module).get(call)
            if printed is not None:
                return self._of_print(self, module, printed)
            return self._of_call(self, module, self.log_calls(module)[call])
        except Unwritable as problem:
            return Abstained(module.path, call.lineno, problem.code, problem.reason, problem.unlock)

    def shows_loguru_traces(self) -> bool:
        """Whether loguru's tracebacks, which show the values of variables, are wanted already."""
        texts = (self.context.draft.text(p) for p in self.context.service.files(Role.APP))
        return any(
            text is not None
            and ("diagnose=False" in text.content or "logger.exception(" in text.content)
            for text in texts
        )

    # -- what stands beside a line -------------------------------------------------------------

    def first_report(self, module: Module, call: ast.Call) -> ast.Call | None:
        """Return the call that brings the traceback of the ``except`` block that ``call`` is in."""
        tracebacks: list[ast.Call] = []
        found = siblings(module, call)
        for other in found:
            if other in self.log_calls(module) and brings_traceback(module, other):
                return other
        for other in found:
            message = self._report(module, other)
            if message is None:
                continue
            if is_only_traceback(module, message):
                tracebacks.append(other)
            elif reports(module, other, message):
                return other
        return tracebacks[0] if tracebacks else None

    def _report(self, module: Module, call: ast.Call) -> Message | None:
        """Return what a line says that may bring the traceback."""
        try:
            if call in self.printed(module):
                return printed_message(module, self.printed(module)[call])
            log_call = self.log_calls(module).get(call)
            if log_call is not None and log_call.method in _LOUD:
                return logged_message(module, log_call)
        except Unwritable:
            return None
        return None

    # -- taking lines away ---------------------------------------------------------------------

    def without_redundant(self, module: Module, statement: ast.Expr, first: ast.Call) -> Outcome:
        """Drop a traceback that another line of the same block brings along.

        Raises:
            Unwritable: If the other line is left alone, or this one cannot be taken away.
        """
        outcome = self.outcome_of(module, first)
        edits = outcome.edits if isinstance(outcome, Changed) else ()
        if not brings_traceback(module, _edited(module, first, edits)):
            raise Unwritable(
                "traceback-beside", "the line beside it brings no traceback, so this one stays."
            )
        reason = "The traceback comes with the log line beside it."
        dropped = self.without(module, statement, reason)
        if isinstance(outcome, Changed):
            # both or neither: alone, this edit would lose the traceback
            return replace(dropped, edits=(*dropped.edits, *edits), imports=outcome.imports)
        return dropped

    def without_secret(
        self, module: Module, statement: ast.AST | None, message: Message
    ) -> Changed | None:
        """Drop a line that shows nothing but a secret; ``None`` if it says more.

        Raises:
            Unwritable: If the line cannot be taken away.
        """
        hidden = secrets_of(module, message)
        if len(hidden) != len(message.parts) or not hidden or not isinstance(statement, ast.Expr):
            return None
        reason = f"The line shows nothing but `{hidden[0]}`, a secret."
        return replace(self.without(module, statement, reason), safety=Safety.HARDENING)

    def without(self, module: Module, statement: ast.Expr, reason: str) -> Changed:
        """Take a whole line away.

        Raises:
            Unwritable: If something else stands on the line, above it or nowhere in its block.
        """
        start, _ = module.line_span(statement.lineno)
        end = module.line_span(statement.end_lineno or statement.lineno)[1]
        rest = module.text[start:end].replace(module.source(statement), "", 1)
        above = module.source_line(statement.lineno - 1) if statement.lineno > 1 else ""
        holder = module.parent(statement)
        bodies = (getattr(holder, name, []) for name in ("body", "orelse", "finalbody"))
        body = next((block for block in bodies if statement in block), [])
        stays = any(not self._goes(module, other) for other in body)
        if rest.strip() or not stays or above.lstrip().startswith("#"):
            raise Unwritable(
                "not-removable",
                "it says nothing that a log needs, but its line cannot be taken away cleanly.",
                "Remove it by hand.",
            )
        return Changed(module.path, statement.lineno, (Edit(start, end, ""),), Safety.SAFE, reason)

    def _goes(self, module: Module, statement: ast.stmt) -> bool:
        """Whether a line will be taken away."""
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call):
            return False
        printed = self.printed(module).get(call)
        try:
            if printed is not None:
                message = printed_message(module, printed)
            elif call in self.log_calls(module):
                message = logged_message(module, self.log_calls(module)[call])
            else:
                return False
        except Unwritable:
            return False
        if printed is not None and printed.kind == "print" and is_decoration(message):
            return True
        first = self.first_report(module, call)
        return is_only_traceback(module, message) and first is not None and first is not call


def _edited(module: Module, call: ast.Call, edits: Sequence[Edit]) -> ast.Call:
    """Return a call as edits leave it."""
    start, end = module.span(call)
    inside = [
        Edit(edit.start - start, edit.end - start, edit.text)
        for edit in edits
        if start <= edit.start and edit.end <= end
    ]
    parsed = ast.parse(f"({apply_edits(module.source(call), inside)}\n)", mode="eval").body
    return parsed if isinstance(parsed, ast.Call) else call
