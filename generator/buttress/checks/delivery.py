"""Checks of how a release gets to its users, and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.deploying import (
    BUILT_IN_RETURN,
    FLAGS,
    SET_UP_ELSEWHERE,
    Deployment,
    deployment_place,
    deployments,
    goes_back,
    has_staging,
    image_build,
    is_progressive,
    production_environment,
)
from buttress.analysis.telemetry import calls_any
from buttress.checks.cicd import pipeline_place, readable
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    Unknown,
    check,
)


@check(
    "CICD-NO-DEPLOY",
    "Nothing deploys the app but a person",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("12factor V",),
)
def no_deploy(subject: Subject) -> Iterator[Finding]:
    """No pipeline, and no platform that follows pushes, brings a release to its users.

    What is done by hand is done differently each time, and only one person knows how (twelve-factor
    app, V). A script that somebody runs, and an image that is only pushed to a registry, do not count.

    Bad::

        $ ssh server 'cd app && git pull && systemctl restart app'

    Good::

        deploy:
          needs: test
          steps:
            - run: flyctl deploy --remote-only
    """
    found = readable(subject)
    if deployments(subject.project, subject.service, found):
        return
    built = image_build(found)
    if built is not None:
        yield Finding(built, "A pipeline builds the image, and nothing deploys it.")
    else:
        message = "No pipeline deploys the app, and no platform does from a push."
        yield Finding(pipeline_place(subject), message)


@check(
    "CICD-NO-STAGING",
    "A release goes straight to production",
    pillar=Pillar.CICD,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_staging(subject: Subject) -> Iterator[Finding]:
    """A release is tried nowhere, and approved by nobody, before all users have it.

    Another environment, a preview for each pull request, a manual approval, or a request to the health
    route after the deployment counts. Where a job names an environment, its rules stand in the
    repository's settings and are not known.

    Bad::

        on: push
        jobs: {deploy: {steps: [{run: flyctl deploy}]}}

    Good::

        staging: {environment: staging, steps: [{run: flyctl deploy --config fly.staging.toml}]}
        production: {needs: staging, environment: production, steps: [{run: flyctl deploy}]}
    """
    found = _deployments(subject)
    if has_staging(subject.project, found):
        return
    environment = production_environment(found)
    if environment:
        raise Unknown(f"who approves the environment {environment} stands in the settings")
    if all(item.platform in SET_UP_ELSEWHERE for item in found):
        raise Unknown(f"the environments of {found[0].platform} stand in its dashboard")
    place = deployment_place(subject.project, found[0])
    yield Finding(place, "This deploys to all users at once; nothing tries the release before.")


@check(
    "CICD-NO-ROLLBACK",
    "Nothing brings the previous release back",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_rollback(subject: Subject) -> Iterator[Finding]:
    """No job, script or command goes back to the previous release.

    While a broken release is live, nobody wants to find out how to undo it. A job that deploys a
    version that is given, a target or script called ``rollback`` that does it, or a deployment that
    goes back by itself counts. On a platform that keeps releases it is a click: attest who may do it.

    Bad::

        deploy:
            docker compose up --build --detach

    Good::

        rollback:
            kubectl rollout undo deployment/api
    """
    found = readable(subject)
    deployed = deployments(subject.project, subject.service, found)
    if goes_back(subject.project, found, deployed):
        return
    platforms = [item.platform for item in deployed if item.platform in BUILT_IN_RETURN]
    if platforms and len(platforms) == len(deployed):
        raise Unknown(f"{platforms[0]} keeps earlier releases; nothing here says who goes back")
    place = deployment_place(subject.project, deployed[0]) if deployed else subject.anchor
    yield Finding(place, "Nothing brings the previous release back.")


@check(
    "CICD-NO-PROGRESSIVE",
    "All users get a release, and each feature, at once",
    pillar=Pillar.CICD,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    confidence=Confidence.LOW,
)
def no_progressive(subject: Subject) -> Iterator[Finding]:
    """Neither a share of the traffic nor a switch in the code limits who meets a new mistake.

    A canary, a second set of servers, or a library of feature flags that the code asks counts. For
    products with few users this is a question of taste, so it is listed and not scored.

    Bad::

        - run: gcloud run deploy api

    Good::

        - run: gcloud run deploy api --no-traffic --tag candidate
    """
    found = _deployments(subject)
    if is_progressive(subject.project, readable(subject)) or calls_any(subject.wired(), FLAGS):
        return
    place = deployment_place(subject.project, found[0])
    yield Finding(place, "All users get this release at once.")


def _deployments(subject: Subject) -> tuple[Deployment, ...]:
    found = deployments(subject.project, subject.service, readable(subject))
    if not found:
        raise NotApplicable("nothing here deploys the app")
    return found
