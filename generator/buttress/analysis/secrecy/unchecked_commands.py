"""Programs that are told not to check certificates, in the commands that code runs and images are built with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_WORDS = ("curl", "--no-check-certificate", "http.sslVerify", "GIT_SSL_NO_VERIFY")
_UNCHECKED = lazy_pattern(
    r"\bcurl\s(?:[^\n|;&]{0,300}\s)?(?:--insecure|-[a-zA-Z]{0,6}k[a-zA-Z]{0,6})(?=\s|\Z)"
    r"|\bwget\s[^\n|;&]{0,300}--no-check-certificate|http\.sslVerify[= ]false|\bGIT_SSL_NO_VERIFY=(?:1|true)",
)
_LONGEST = 10_000
_AT_HOME = lazy_pattern(r"localhost|127\.0\.0\.1|\[?::1\b", re.IGNORECASE)
_SHOWN = lazy_pattern(r"print|echo|log|debug|info|warning|error|write|add_argument|Field|Option|fail|exit", re.IGNORECASE)  # fmt: skip


def unchecked_in(text: str) -> Iterator[re.Match[str]]:
    """Yield where a command switches off that certificates are checked, other than on the same machine."""
    for found in _UNCHECKED.finditer(text):
        start, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
        if not _AT_HOME.search(text[start : end if end >= 0 else len(text)]):
            yield found


def unchecked_commands(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the commands in code that run such a program; what is only shown to somebody is none."""
    for module in modules.having(*_WORDS):
        texts = (*module.nodes(ast.Constant), *module.nodes(ast.JoinedStr))
        for node in (*texts, *module.nodes(ast.List), *module.nodes(ast.Tuple)):
            text = _command(node)
            is_inner = isinstance(module.parent(node), ast.JoinedStr | ast.List | ast.Tuple)
            if not 0 < len(text) <= _LONGEST or is_inner or _is_shown(module, node):
                continue
            if next(unchecked_in(text), None) is not None:
                yield module, node


def _command(node: ast.expr) -> str:
    """Return a command as it is typed, with a word for each value that is put into it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "VALUE" for part in node.values
        )
    if isinstance(node, ast.List | ast.Tuple):
        return " ".join(
            str(item.value) if isinstance(item, ast.Constant) else "VALUE" for item in node.elts
        )
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else ""


def _is_shown(module: Module, node: ast.expr) -> bool:
    """Whether a text is printed, logged or documentation."""
    for above in module.ancestors(node):
        if isinstance(above, ast.Call):
            return _SHOWN.search(called_name(above)) is not None
        if isinstance(above, ast.Expr | ast.Raise):
            return True
        if isinstance(above, ast.stmt):
            return False
    return False
