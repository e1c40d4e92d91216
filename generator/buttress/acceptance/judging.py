"""What was found meets what was decided: the scorecard with every acceptance on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from buttress.acceptance.configuration import EVERYWHERE, Accept, Attest, Configuration, names
from buttress.acceptance.inline import Comments
from buttress.checks.model import Kind
from buttress.errors import UserError
from buttress.project.model import Project, Service
from buttress.scorecard import (
    Acceptance,
    AcceptedBy,
    Located,
    Remark,
    Result,
    Scorecard,
    Status,
    weigh,
)
from buttress.source import Tree

_DOCUMENTS = (".md", ".rst", ".adoc")


def judge(card: Scorecard, configuration: Configuration, today: date) -> Scorecard:
    """Return the scorecard with everything accepted that the project's files accept.

    Args:
        card: What inspection found.
        configuration: What the team decided.
        today: The day by which acceptances expire.
    """
    catalogue = {result.check.id: result.check for result in card.results}
    decisions = _Decisions(card.project, card.service, configuration, today)
    mine = _commented(card.project, card.service)
    written = Comments(card.project.tree, catalogue)
    results = [_accepted(result, decisions, written) for result in card.results]
    remarks = [
        *decisions.remarks(),
        *written.remarks(mine, {result.check.id for result in card.results}),
    ]
    return weigh(
        card.project,
        card.service,
        [result for result in results if configuration.selects(result.check.id)],
        deselected=[result for result in results if not configuration.selects(result.check.id)],
        remarks=sorted(set(remarks), key=lambda remark: (remark.place, remark.message)),
        compared_with=card.compared_with,
    )


def _commented(project: Project, service: Service) -> Iterable[str]:
    """Return the files whose comments have to be of use for a service; of other formats, those that were read.

    Documents show such comments as examples.
    """
    if len(project.services) > 1:
        return tuple(service.roles)
    tree = project.tree
    read = {path for path in tree.reads if not path.endswith(_DOCUMENTS)}
    return {*tree.python_paths(), *read}


def _accepted(result: Result, decisions: _Decisions, written: Comments) -> Result:
    attested = decisions.attestation(result)
    if attested is not None:
        findings = tuple(replace(f, acceptance=attested) for f in result.findings)
        return replace(result, status=Status.ATTESTED, findings=findings, reason=attested.reason)
    sources = (written.acceptance, decisions.acceptance)
    findings = tuple(_decided(finding, sources) for finding in result.findings)
    done = bool(findings) and all(not finding.is_open for finding in findings)
    return replace(result, findings=findings, status=Status.ACCEPTED if done else result.status)


def _decided(
    finding: Located, sources: Iterable[Callable[[Located], Acceptance | None]]
) -> Located:
    """Return a finding with its first acceptance; every source is asked, so that none looks unused."""
    found = [source(finding) for source in sources]
    accepted = next((item for item in found if item is not None), None)
    return finding if accepted is None else replace(finding, acceptance=accepted)


@dataclass
class _Decisions:
    """The entries of the configuration, and which of them were of use."""

    project: Project
    service: Service
    configuration: Configuration
    today: date
    _used: set[int] = field(default_factory=set)
    _globs: dict[str, Callable[[str], bool]] = field(default_factory=dict)

    def acceptance(self, finding: Located) -> Acceptance | None:
        """Return the acceptance of a finding by the first entry that holds."""
        accepted = None
        for entry in self.configuration.accept:
            if not names(entry.check, finding.check.id) or not self._covers(
                entry, finding.place.path
            ):
                continue
            self._used.add(id(entry))
            if accepted is None and not self._is_over(entry):
                accepted = Acceptance(
                    AcceptedBy.CONFIGURATION,
                    entry.reason,
                    entry.owner,
                    entry.expires,
                    entry.place,
                )
        return accepted

    def attestation(self, result: Result) -> Acceptance | None:
        """Return the attestation of a check that misses its control or cannot tell."""
        if (
            result.status not in {Status.FAIL, Status.UNKNOWN}
            or result.check.kind is not Kind.PRESENCE
        ):
            return None
        for entry in self.configuration.attest:
            if entry.check == result.check.id:
                self._used.add(id(entry))
                if not self._is_over(entry):
                    return Acceptance(
                        AcceptedBy.ATTESTATION,
                        entry.evidence,
                        entry.owner,
                        entry.expires,
                        entry.place,
                    )
        return None

    def remarks(self) -> Iterator[Remark]:
        """Yield what expired and what matches nothing any more."""
        entries: list[Accept | Attest] = [*self.configuration.accept, *self.configuration.attest]
        for entry in entries:
            what = "acceptance" if isinstance(entry, Accept) else "attestation"
            owner = f" Ask {entry.owner}." if entry.owner else ""
            if self._is_over(entry):
                message = (
                    f"The {what} of {entry.check} expired on {entry.expires}: it counts again."
                )
                yield Remark(entry.place, message + owner)
            elif id(entry) not in self._used and self._is_about_this_service(entry):
                message = f"The {what} of {entry.check} matches nothing any more. Remove it."
                yield Remark(entry.place, message)

    def _is_over(self, entry: Accept | Attest) -> bool:
        return entry.expires is not None and entry.expires < self.today

    def _covers(self, entry: Accept, path: str) -> bool:
        if entry.path == EVERYWHERE:
            return True
        if entry.path not in self._globs:
            self._globs[entry.path] = matcher([entry.path])
        return self._globs[entry.path](path)

    def _is_about_this_service(self, entry: Accept | Attest) -> bool:
        """Whether an entry would have matched here, were it of use: others belong to other services."""
        if len(self.project.services) == 1:
            return True
        if isinstance(entry, Attest) or entry.path == EVERYWHERE:
            return False
        matched = [path for path in self.project.tree.paths if self._covers(entry, path)]
        mine = set(self.service.roles)
        return not matched or any(path in mine for path in matched)


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Return whether a path matches one of the globs, which are read as in ``.gitignore``."""
    from pathspec import GitIgnoreSpec

    patterns = list(globs)
    try:
        return GitIgnoreSpec.from_lines(patterns).match_file
    except ValueError:
        named = ", ".join(patterns)
        raise UserError(f"{named}: write globs as in .gitignore, for example examples/.") from None


def without(tree: Tree, globs: Iterable[str]) -> Tree:
    """Return a tree without the paths that match; they are listed among what was passed over."""
    patterns = tuple(globs)
    return tree.excluding(matcher(patterns)) if patterns else tree
