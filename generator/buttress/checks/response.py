"""Checks of what happens when something goes wrong: who is told, what they do, what was recorded."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.auditing import keeps_trail, sensitive_routes
from buttress.analysis.access.guards import knows_callers
from buttress.analysis.alerting import alerts, dashboard
from buttress.analysis.delivery.workflows import pipelines
from buttress.analysis.runbooks import is_enough, runbooks
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Place


@check(
    "OBS-NO-ALERTS",
    "Nothing tells anybody that the app is unwell",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_alerts(subject: Subject) -> Iterator[Finding]:
    """No alert rule, alarm, objective or check from outside is described.

    Errors and slow answers are then reported by users. Rules have to compare a metric with something,
    and to be loaded where the Prometheus stands in the repository too. Alerts that are kept in a
    vendor's interface: attest them with a link.

    Bad::

        groups: []

    Good::

        - alert: TooManyErrors
          expr: sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m])) > 0.05
          for: 10m
    """
    if alerts(subject.project, pipelines(subject.project)):
        return
    shown = dashboard(subject.project.tree)
    if shown is not None:
        yield Finding(shown, "There is a dashboard, and no rule that tells anybody to look at it.")
    else:
        yield Finding(subject.anchor, "Nothing tells anybody that the app fails or is slow.")


@check(
    "OBS-NO-RUNBOOK",
    "Nothing says what to do in an incident",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
)
def no_runbook(subject: Subject) -> Iterator[Finding]:
    """No runbook answers three kinds of trouble, with commands.

    At night, whoever is on call needs the command that restores the backup, not the architecture. A
    file of headings that are still to be filled in does not count. A runbook in a wiki: attest it.

    Bad::

        # Runbook
        TODO

    Good::

        ## The database is full
        Check with `df -h /var/lib/postgresql`, then delete old exports:
        `psql -c "DELETE FROM exports WHERE created_at < now() - interval '30 days'"`.
    """
    found = runbooks(subject.project.tree)
    if is_enough(found):
        return
    fullest = max(found, key=lambda item: (item.scenarios, item.commands), default=None)
    if fullest is not None and fullest.commands:
        message = f"Of three kinds of trouble, this runbook answers {fullest.scenarios}, {fullest.commands} with commands."
        yield Finding(Place(fullest.path), message)
    else:
        yield Finding(subject.anchor, "No runbook says what to do when something breaks.")


@check(
    "OBS-NO-AUDIT-LOG",
    "Sensitive actions leave no trace",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    confidence=Confidence.LOW,
    standards=("OWASP A09:2025", "CWE-778"),
)
def no_audit_log(subject: Subject) -> Iterator[Finding]:
    """Who signed in, changed rights, paid or deleted is recorded nowhere.

    After an incident nobody can say what was done, by whom (OWASP A09:2025, CWE-778). A call whose name
    says audit, a table of events, or a library that records changes counts.

    Bad::

        def remove(user_id):
            db.delete(db.get(User, user_id))

    Good::

        def remove(user_id):
            db.delete(db.get(User, user_id))
            audit.info("user deleted", actor=current_user.id, user=user_id)
    """
    routes = sensitive_routes(subject.service)
    if not routes:
        raise NotApplicable("no route signs anybody in, changes rights or deletes")
    modules = subject.wired()
    if not knows_callers(subject.project, subject.service, modules):
        raise NotApplicable("the app does not know who asks")
    if not keeps_trail(modules):
        yield Finding(routes[0].place, "What is done here, and by whom, is recorded nowhere.")
