"""Checks of what the app relies on while it runs: its database, its memory, its disk, its signals."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.database.local_database import databases_beside_app, sqlite_in_use
from buttress.analysis.delivery.inline_secrets import inline_secrets
from buttress.analysis.reliability.process_state import kept_by_process
from buttress.analysis.reliability.shutdown import deaf_starts, held_open, runs_at_the_end
from buttress.analysis.secrecy.secret_files import holds_committed_key
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


@check(
    "INFRA-INLINE-SECRETS",
    "A secret stands in a file of the infrastructure",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-798", "CWE-312", "OWASP A07:2025"),
    peers=("checkov:CKV_SECRET_6", "checkov:CKV_K8S_35"),
)
def inline_secret(subject: Subject) -> Iterator[Finding]:
    """A password, key or token is written into a compose file, a manifest or Terraform.

    Everybody with the repository has it, and changing it means a commit (CWE-798). References such as
    ``${NAME}`` and placeholders are fine. So are, in a compose file for one's own machine, passwords
    that protect nothing (``postgres``, the name of the user): where a script deploys that file, they
    are reported as what they are.

    Bad::

        environment:
          POSTGRES_PASSWORD: Kq7vTz2mWd

    Good::

        environment:
          POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}
    """
    tree = subject.project.tree
    for secret in inline_secrets(subject.project):
        at = secret.place
        if holds_committed_key(tree, at.path, at.line, at.line):
            continue  # a provider's key is worse, and reported as that
        message = f"{secret.name} stands in this file: {secret.why}."
        yield Finding(secret.place, message, "", secret.name)


@check(
    "INFRA-NO-GRACEFUL-SHUTDOWN",
    "The app is cut off when it is stopped",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("12factor IX", "CWE-404"),
    peers=("hadolint:DL3025",),
)
def no_graceful_shutdown(subject: Subject) -> Iterator[Finding]:
    """The signal to stop does not reach the server, or nothing closes what the app holds open.

    A shell that is the first process keeps SIGTERM to itself: after ten seconds all is killed, with the
    requests that were being answered (twelve-factor app, IX). Pools, clients and schedulers that live
    as long as the process are closed after ``yield`` in the lifespan, or in a hook.

    Bad::

        CMD alembic upgrade head && uvicorn app.main:app

    Good::

        CMD ["sh", "-c", "alembic upgrade head && exec uvicorn app.main:app"]
    """
    deaf = list(deaf_starts(subject.project, subject.service))
    for place in deaf:
        message = "A shell stands between the signal to stop and the server; start it with `exec`."
        yield Finding(place, message, "", "shell")
    held = held_open(subject.wired())
    if held is not None and not runs_at_the_end(subject.wired()):
        module, call, target = held
        name = target.rpartition(".")[2]
        yield subject.finding(module, call, f"Nothing closes what {name} opens when the app stops.")
    if not deaf and not held and not subject.service.entry_commands:
        raise NotApplicable("nothing says how the app is started, and it holds nothing open")


@check(
    "INFRA-SQLITE-PROD",
    "The data lives on the app's own machine",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("12factor IV",),
)
def sqlite_in_production(subject: Subject) -> Iterator[Finding]:
    """The app keeps its data in a SQLite file and knows no other database, or runs one beside itself.

    A new container starts with an empty file, a second one has its own, and one lost disk is the end of
    both (twelve-factor app, IV). In memory, read only, as a cache, or copied by Litestream it is fine;
    so is SQLite on a laptop where another database is declared for production.

    Bad::

        engine = create_engine("sqlite:///./app.db")

    Good::

        engine = create_engine(settings.database_url)  # postgresql+psycopg://...
    """
    if not subject.service.databases and not subject.project.compose_files:
        raise NotApplicable("the app has no database")
    fact = sqlite_in_use(subject.project, subject.service, subject.wired())
    if fact is not None:
        yield Finding(fact.place, "All data is in a SQLite file beside the app.", "", "sqlite")
    for place, name in databases_beside_app(subject.project):
        message = f"The database `{name}` runs on the app's own machine in production."
        yield Finding(place, message, "", name)


@check(
    "INFRA-STATEFUL-PROCESS",
    "State is kept in the process or on its disk",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("12factor VI",),
)
def stateful_process(subject: Subject) -> Iterator[Finding]:
    """A request leaves something in a variable of a module, or in a file on the local disk.

    A restart loses it, and a second worker never sees it (twelve-factor app, VI). Caches, pools,
    connections of the process itself, and temporary files are passed over. Each variable is one finding.

    Bad::

        sessions = {}

        @app.post("/login")
        def login(user: User):
            sessions[user.id] = new_token()

    Good::

        redis.set(f"session:{token}", user.id, ex=3600)
    """
    service = subject.service
    if not service.routes:
        raise NotApplicable("the app has no route")
    for state in kept_by_process(service, subject.wired()):
        if state.what:
            message = f"`{state.what}` is changed by requests, and only this process knows it."
            found = subject.finding(state.module, state.node, message)
            yield Finding(found.place, message, "", state.what)
        else:
            message = "A request leaves a file on this machine's disk."
            yield subject.finding(state.module, state.node, message)
