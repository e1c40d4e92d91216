"""The tables of the configuration as they are written, validated by Pydantic.

Imported only where a project has such a table: validation costs more than most inspections.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic import ValidationError as Invalid

from buttress.checks.model import Risk
from buttress.errors import UserError
from buttress.planning.nearest import nearest

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
_LONGEST_GLOB, _MOST_STARS = 300, 12
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, to_upper=True)]


def _risk(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("write a day as 2027-01-31") from None
    if type(value) is not date:
        raise ValueError("write a day as 2027-01-31")
    return value


def _glob(value: str) -> str:
    from pathspec import GitIgnoreSpec

    if len(value) > _LONGEST_GLOB or value.count("*") > _MOST_STARS:
        raise ValueError("write a shorter glob, with fewer asterisks")
    try:
        GitIgnoreSpec.from_lines([value])
    except ValueError:
        raise ValueError("write a glob as in .gitignore, for example app/legacy/*.py") from None
    return value


Glob = Annotated[Said, AfterValidator(_glob)]
Day = Annotated[date, BeforeValidator(_day)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AcceptTable(_Table):
    """``[[accept]]``: findings that are not to be mended."""

    check: Word
    reason: Said
    path: Glob = "**"
    owner: str = ""
    expires: Day | None = None


class AttestTable(_Table):
    """``[[attest]]``: a control that exists outside the repository."""

    check: Word
    evidence: Said
    owner: str = ""
    expires: Day | None = None


class SettingsTable(_Table):
    """The whole table."""

    select: list[Word] = []
    ignore: list[Word] = []
    exclude: list[Glob] = []
    fail_on: Annotated[Risk | None, BeforeValidator(_risk), Field(alias="fail-on")] = None
    baseline: Said | None = None
    accept: list[AcceptTable] = []
    attest: list[AttestTable] = []


def validated(path: str, prefix: str, table: dict[str, Any]) -> SettingsTable:
    """Return the table, validated.

    Args:
        path: The file, for errors.
        prefix: Dotted name of the table inside the file; empty at the top.
        table: What the file says.

    Raises:
        UserError: If a key does not exist or a value is wrong.
    """
    try:
        return SettingsTable.model_validate(table)
    except Invalid as problem:
        raise UserError(_explain(path, prefix, problem)) from None


_SAID = {
    "list_type": 'write a list, with brackets: ["…"]',
    "model_type": "write a table, with keys",
    "string_type": 'write a text, in quotes: "…"',
    "string_too_short": "this must not be empty",
}
_ENTRIES: dict[str, type[_Table]] = {"accept": AcceptTable, "attest": AttestTable}


def _explain(path: str, prefix: str, problem: Invalid) -> str:
    error = problem.errors()[0]
    *parents, last = error["loc"]
    key = prefix
    for part in error["loc"]:
        # people count entries from 1
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else part
    if error["type"] == "extra_forbidden":
        if last == "tool" and not prefix:
            return f"{path}: write the keys of [tool.buttress] here without that heading."
        model = _ENTRIES.get(str(parents[0]), SettingsTable) if parents else SettingsTable
        keys = [item.alias or name for name, item in model.model_fields.items()]
        hint = nearest(str(last), keys) or f" Use one of {', '.join(keys)}."
        return f"{path}: there is no key `{key}`.{hint}"
    if error["type"] == "missing":
        return f"{path}: `{key}` is missing; every entry of `{parents[0]}` needs it."
    if last == "fail-on":
        return f"{path}: `{key}`: use one of {', '.join(risk.value for risk in Risk)}."
    if error["type"] == "list_type" and last in _ENTRIES:
        return f"{path}: `{key}` is a list of tables: write [[{key}]], with two brackets."
    said = _SAID.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{path}: `{key}`: {said[:1].lower()}{said[1:]}."
