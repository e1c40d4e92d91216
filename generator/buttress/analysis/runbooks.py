"""Runbooks: files that say what to do when something breaks, with the commands to do it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from buttress.project.documents import text_of
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_NAME = lazy_pattern(
    r"(?:\A|/)(?:[^/]*(?:run[-_ ]?books?|play[-_ ]?books?|incident[-_ ]?response|on[-_ ]?call|disaster|emergency)[^/]*(?:/.*)?"
    r"|(?:ops|operations?|incidents?|recovery|incident[-_]\w+)(?:\.\w+|/[^/]+))\Z",
    re.IGNORECASE,
)
_TEXT = (".md", ".rst", ".adoc", ".txt", ".mdx")
_NOT_OURS = lazy_pattern(r"(?:\A|/)(?:node_modules|vendor|\.github/ISSUE_TEMPLATE|tests?|prompts?)/", re.IGNORECASE)  # fmt: skip
_HEADING = lazy_pattern(r"^(#{1,4}|=+)[ \t]+(\S[^\n]{0,200})", re.MULTILINE)
_SCENARIO = lazy_pattern(
    r"data ?base|\bdb\b|disk|\bdown\b|outage|fail|error|restor|back ?up|roll ?-?back|restart|incident|latency|slow|memory|\bcpu\b|queue|webhook|rate limit"
    r"|secret|leak|compromis|breach|provider|unavailab|degrad|time ?out|\b50\d\b|5xx|recover|certificate|expire|stuck|full|lock|spike|crash|hang|deploy",
    re.IGNORECASE,
)
_COMMAND = lazy_pattern(r"^(?:```|~~~)[^\n]*\n\s*\S|^(?: {4}|\t)\$ \S|`[a-z][\w./-]* [^`\n]+`|^\.\. code", re.MULTILINE)  # fmt: skip
_EMPTY = lazy_pattern(r"\b(?:TODO|TBD|FIXME|lorem ipsum|to be (?:written|done|defined)|coming soon|fill (?:this )?in|placeholder)\b", re.IGNORECASE)  # fmt: skip
_FENCED = lazy_pattern(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_COMMENT = lazy_pattern(r"^#", re.MULTILINE)
_ENOUGH, _ENOUGH_WORDS, _ENOUGH_COMMANDS = 3, 12, 2


@dataclass(frozen=True, slots=True)
class Runbook:
    """A file that is called a runbook, or stands among them.

    Attributes:
        path: The file.
        scenarios: How many headings name trouble and say something about it.
        commands: Under how many of them a command stands.
    """

    path: str
    scenarios: int
    commands: int


def runbooks(tree: Tree) -> list[Runbook]:
    """Return the files that are runbooks by their name or folder, however little they hold."""
    return [
        _read(path, text_of(tree, path))
        for path in tree.paths
        if path.endswith(_TEXT) and _NAME.search(path) and not _NOT_OURS.search(path)
    ]


def is_enough(found: list[Runbook]) -> bool:
    """Whether three kinds of trouble are answered, two of them with commands."""
    scenarios = sum(item.scenarios for item in found)
    commands = sum(item.commands for item in found)
    return scenarios >= _ENOUGH and commands >= _ENOUGH_COMMANDS


def _read(path: str, text: str) -> Runbook:
    outside = _FENCED.sub(lambda block: _COMMENT.sub(" ", block[0]), text)
    headings = list(_HEADING.finditer(outside))
    scenarios = commands = 0
    # a file per kind of trouble has that in its name and its title
    is_one = len(headings) > 0 and _SCENARIO.search(path.rpartition("/")[2]) is not None
    for number, heading in enumerate(headings):
        below = headings[number + 1 :]
        level = len(heading[1])
        end = next((h.start() for h in below if len(h[1]) <= level), len(text))
        body = text[heading.end() : end]
        is_title = level == 1 and any(len(h[1]) > 1 for h in below)
        if not _SCENARIO.search(heading[2]) or (is_title and not is_one):
            continue
        words = len(re.findall(r"\w+", body))
        if words < _ENOUGH_WORDS or (_EMPTY.search(body) and words < 4 * _ENOUGH_WORDS):
            continue
        scenarios += 1
        commands += _COMMAND.search(body) is not None
    return Runbook(path, scenarios, commands)
