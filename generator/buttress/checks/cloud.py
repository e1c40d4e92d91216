"""Checks of where the app runs: described, backed up, bounded, apart from development, with its secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.configuration import (
    ENVIRONMENT_WORDS,
    SETTINGS_BASE,
    environment_reads,
    settings_classes,
)
from buttress.analysis.database.local_database import (
    backs_itself_up,
    is_chosen_elsewhere,
    keeps_nothing,
    only_reads,
)
from buttress.analysis.delivery.deployments import (
    app_resources,
    backups,
    databases_without_backup,
    describes_platform,
    keeps_secrets,
    terraform_of,
    unbounded,
)
from buttress.analysis.delivery.environments import branches_on_environment, environments_described
from buttress.analysis.secrecy.hardcoded import all_hardcoded_secrets
from buttress.analysis.secrecy.secrets import is_secret_name, is_secret_variable
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
from buttress.project.model import Role
from buttress.source.patterns import lazy_pattern

_RECIPE = "terraform"
_KEPT_HERE = frozenset(["sqlite", "postgresql", "mysql", "mongodb", "mssql", "oracle", "duckdb"])
_SECRET_HINTS = lazy_pattern("environ|getenv|settings|secret|passw|api_?key|token", re.IGNORECASE)


@check(
    "INFRA-NO-IAC",
    "Infrastructure is not described as code",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
)
def no_iac(subject: Subject) -> Iterator[Finding]:
    """No file describes what the app runs on, so nobody can make it a second time.

    Servers that were set up by hand differ, and nobody reviews what changes. What counts is a
    resource that runs the app: in Terraform, Kubernetes, CloudFormation, or a platform's blueprint.

    Bad::

        $ ls infra
        notes.md

    Good::

        resource "aws_ecs_service" "app" {
          task_definition = aws_ecs_task_definition.app.arn
        }
    """
    project = subject.project
    if app_resources(terraform_of(project)) or describes_platform(project.tree):
        return
    yield Finding(subject.anchor, "No file describes the infrastructure that the app runs on.")


@check(
    "INFRA-NO-BACKUP",
    "The database has no backups",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    recipe=_RECIPE,
    peers=("checkov:CKV_AWS_133",),
)
def no_backup(subject: Subject) -> Iterator[Finding]:
    """Nothing in the repository backs up the database that the app writes to.

    One wrong statement, a lost disk or a stolen account ends the product. Retention of a managed
    database, a scheduled dump or a replica counts; a service that keeps its data itself is passed over.

    Bad::

        resource "aws_db_instance" "app" {
          backup_retention_period = 0
        }

    Good::

        resource "aws_db_instance" "app" {
          backup_retention_period = 14
        }
    """
    kept = [fact for fact in subject.service.databases if fact.value in _KEPT_HERE]
    if not kept:
        raise NotApplicable("the app has no database of its own")
    modules = subject.wired()
    if all(fact.value == "sqlite" for fact in kept) and only_reads(modules):
        raise NotApplicable("the app only reads its database")
    if keeps_nothing(modules):
        raise NotApplicable("the app keeps nothing in its database")
    project = subject.project
    bare = databases_without_backup(terraform_of(project))
    if bare:
        for block in bare:
            message = f"{'.'.join(block.labels)} keeps no backups."
            yield Finding(block.place, message, "", ".".join(block.labels))
    elif not backups(project) and not backs_itself_up(modules):
        # the file is for development where the environment may name another database
        kind = "" if is_chosen_elsewhere(modules) else f"{kept[0].value} "
        yield Finding(subject.anchor, f"Nothing backs up the {kind}database.")


@check(
    "INFRA-NO-ORCHESTRATION-LIMITS",
    "What is deployed has no limits, probes or scaling",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    recipe=_RECIPE,
    peers=(
        "checkov:CKV_K8S_8",
        "checkov:CKV_K8S_9",
        "checkov:CKV_K8S_13",
    ),
)
def no_limits(subject: Subject) -> Iterator[Finding]:
    """A workload may use all memory, is never asked whether it is alive, or cannot grow.

    One leak then takes its neighbours down, and a process that hangs keeps getting requests. Only
    projects that describe workloads are asked.

    Bad::

        containers:
          - name: api
            image: api:1.4

    Good::

        containers:
          - name: api
            resources: {limits: {memory: 512Mi}}
            readinessProbe: {httpGet: {path: /health, port: 8000}}
    """
    found = unbounded(subject.project)
    if found is None:
        raise NotApplicable("no workload is described")
    for place, message in found:
        yield Finding(place, message, "", message)


@check(
    "INFRA-ENV-SEPARATION",
    "Development and production are not told apart",
    pillar=Pillar.INFRASTRUCTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    recipe=_RECIPE,
    standards=("12factor X",),
)
def env_separation(subject: Subject) -> Iterator[Finding]:
    """Neither the code nor the infrastructure knows more than one environment.

    Then a test writes to the database of customers sooner or later (twelve-factor app, X). Settings
    per environment, code that asks where it runs, or infrastructure for two environments counts.

    Bad::

        DATABASE_URL = "postgresql://localhost/app"

    Good::

        if settings.environment == "production":
            require_https(app)
    """
    if environments_described(subject.project.tree):
        return
    if branches_on_environment(subject.wired()):
        return
    yield Finding(subject.anchor, "Nothing tells production from development.")


@check(
    "SEC-NO-SECRET-STORE",
    "Secrets have no store of their own",
    pillar=Pillar.SECURITY,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    recipe=_RECIPE,
    standards=(
        "CWE-522",
        "OWASP ASVS 13.3.1",
    ),
)
def no_secret_store(subject: Subject) -> Iterator[Finding]:
    """The app needs secrets, and nothing shows that a secret manager keeps them.

    In files and dashboards nobody sees who read them, and changing one means finding every copy
    (OWASP ASVS 13.3.1). A store in the infrastructure's description, or one that the code asks, counts.

    Bad::

        $ scp .env server:/srv/app/.env

    Good::

        resource "aws_secretsmanager_secret" "app" {
          name = "app/production"
        }
    """
    if not _needs_secrets(subject):
        raise NotApplicable("the app reads no secret")
    if keeps_secrets(subject.project, subject.wired()):
        return
    yield Finding(subject.anchor, "No secret manager keeps the app's secrets.")


def _needs_secrets(subject: Subject) -> bool:
    modules = subject.modules(Role.APP)
    for module in modules.having(*ENVIRONMENT_WORDS):
        if any(read.name and is_secret_variable(read.name) for read in environment_reads(module)):
            return True
    for module in modules.having(SETTINGS_BASE):
        for settings in settings_classes(module):
            for statement in settings.body:
                if is_secret_name(getattr(getattr(statement, "target", None), "id", "")):
                    return True
    return next(all_hardcoded_secrets(modules.spelling(_SECRET_HINTS)), None) is not None
