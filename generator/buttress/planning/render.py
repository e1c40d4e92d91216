"""Render one unit through Copier: the files as bytes, and the answers that were stored.

Copier renders a snapshot of the unit in a scratch folder, so nothing of the project is touched and the
files are those on this disk. The answers file then gets the source and the version that
``location.py`` worked out, as Copier itself would have written them.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buttress.errors import UserError
from buttress.planning.location import Templates
from buttress.planning.stored import stored_answers
from buttress.planning.templating import environment
from buttress.source.patterns import lazy_pattern

_INVALID = lazy_pattern(
    r"(?:Validation error for question|Invalid choice for) '(\w+)': (.*)", re.DOTALL
)
_SOURCE = lazy_pattern(r"^_src_path:.*$(?:\n[ \t]+.*$)*", re.MULTILINE)
_COMMIT = lazy_pattern(r"^_commit:.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Rendered:
    """What a unit renders to.

    Attributes:
        files: Content by path relative to the destination, the answers file included.
        answers_file: The path of the answers file.
        answers: What it stores.
    """

    files: Mapping[str, bytes]
    answers_file: str
    answers: Mapping[str, object]


def answers_file(unit: str) -> str:
    """Return the name of the file that keeps a unit's answers in a project."""
    kind, _, name = unit.partition("/")
    return ".copier-answers.yml" if kind == "templates" else f".copier-answers.{name}.yml"


def render_unit(
    templates: Templates,
    unit: str,
    *,
    defaults: Mapping[str, object],
    answers: Mapping[str, object],
    stored: bytes | None = None,
    folder_name: str = "project",
) -> Rendered:
    """Render one unit.

    Args:
        templates: The root, and what is recorded of it.
        unit: ``templates/service`` or ``recipes/<id>``.
        defaults: Answers that were read from facts; they stand in for the defaults of questions.
        answers: Answers that were given.
        stored: An answers file of an earlier application; its answers come before the defaults.
        folder_name: The name of the destination folder, which a default may be made from.

    Raises:
        UserError: If a question refuses its answer, or a template uses a name that nothing defines.
    """
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        source, target = Path(scratch) / "templates", Path(scratch) / "to" / folder_name
        _snapshot(templates.root, unit, source)
        if stored is not None:
            target.mkdir(parents=True)
            (target / answers_file(unit)).write_bytes(stored)
        _run_copier(source, target, unit, defaults, answers)
        files = {
            path.relative_to(target).as_posix(): path.read_bytes()
            for path in sorted(target.rglob("*"))
            if path.is_file()
        }
    name = answers_file(unit)
    if name not in files:
        raise UserError(
            f"{templates.root / unit}: renders no answers file. Its files/ must hold "
            "`{{ _copier_conf.answers_file }}.jinja`."
        )
    files[name] = _recorded(files[name].decode(), templates).encode()
    return Rendered(files, name, stored_answers(files[name], name))


def _snapshot(root: Path, unit: str, target: Path) -> None:
    """Copy what rendering a unit reads, which leaves any git repository behind.

    Questions of other units would only be worked out to be hidden, which takes most of the time.
    """
    target.mkdir(parents=True)
    shutil.copy2(root / "copier.yml", target / "copier.yml")
    for questions in root.glob("recipes/*/questions.yml"):
        if unit.encode() in questions.read_bytes():
            copy = target / questions.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(questions, copy)
    if not (root / unit / "files").is_dir():
        raise UserError(f"{root / unit}: has no folder files/. Install buttress again.")
    ignored = shutil.ignore_patterns("__pycache__", "*.py[co]", ".DS_Store")
    shutil.copytree(root / unit, target / unit, symlinks=True, ignore=ignored, dirs_exist_ok=True)


def _run_copier(
    source: Path,
    target: Path,
    unit: str,
    defaults: Mapping[str, object],
    answers: Mapping[str, object],
) -> None:
    from copier import Settings, run_copy
    from copier.errors import CopierError
    from jinja2 import TemplateError

    try:
        run_copy(
            str(source),
            target,
            # the name that the questionnaire gives it, too; it is filled in once for every path
            answers_file=answers_file(unit),
            data={**answers, "unit": unit},
            user_defaults={name: value for name, value in defaults.items() if name != "unit"},
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
            settings=Settings(),
        )
    except (CopierError, TemplateError) as problem:
        raise UserError(f"{unit}: cannot be rendered: {problem}") from problem
    except ValueError as problem:
        raise UserError(_refusal(unit, str(problem), {**defaults, **answers})) from problem


def _refusal(unit: str, message: str, answers: Mapping[str, object]) -> str:
    found = _INVALID.match(message)
    if found is None:
        return f"{unit}: {message}"
    name, reason = found.groups()
    given = f" `{answers[name]}`" if name in answers else ""
    return (
        f"{unit}: the question `{name}` refuses the answer{given}: {reason.strip()} "
        f"Give another one with `-d {name}=...`."
    )


def _recorded(text: str, templates: Templates) -> str:
    """Return the answers file with the recorded source and version in place of the snapshot's."""
    lines = _scalar("_src_path", templates.source)
    if templates.commit is not None:
        lines = _scalar("_commit", templates.commit) + "\n" + lines
    return _SOURCE.sub(lambda _: lines, _COMMIT.sub("", text), count=1)


def _scalar(key: str, value: str) -> str:
    # the very filter that answers files are written with, so that Copier's next write is the same
    return str(environment().filters["to_nice_yaml"]({key: value})).rstrip()
