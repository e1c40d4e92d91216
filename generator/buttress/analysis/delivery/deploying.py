"""How a release gets to its users: what deploys it, where to, how it comes back, who gets it first.

A step counts for the command or the action that deploys, never for its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.delivery.orchestration import manifests
from buttress.analysis.delivery.shell import simple_commands
from buttress.analysis.delivery.workflows import Pipeline
from buttress.project.documents import line_of, read_json, read_toml, read_yaml, table, text_of
from buttress.project.folders import folder_of, join, upwards
from buttress.project.model import Place, Project, Service
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

DEPLOYS = lazy_pattern(
    r"(?:fly|flyctl)\s+(?:-\S+\s+)*(?:deploy|machine\s+update)"
    r"|gcloud\s+(?:\S+\s+)*?(?:run\s+(?:deploy|services\s+(?:update|replace))|app\s+deploy|functions\s+deploy|builds\s+submit|deploy\s+releases)"
    r"|aws\s+(?:--\S+\s+\S+\s+)*(?:ecs\s+(?:update-service|deploy)|lambda\s+update-function-code|elasticbeanstalk\s+update-environment"
    r"|deploy\s+create-deployment|apprunner\s+(?:start-deployment|update-service)|cloudformation\s+deploy|lightsail\s+create-container-service-deployment|ssm\s+send-command)"
    r"|eb\s+deploy|copilot\s+(?:svc\s+)?deploy|sam\s+deploy|cdk\s+deploy|(?:npx\s+)?(?:serverless|sls|cdk)\s+deploy|zappa\s+(?:update|deploy)"
    r"|kubectl\s+(?:-\S+\s+\S+\s+)*(?:apply|set\s+image|rollout\s+restart|replace)|kustomize\s+build.*|helm\s+(?:upgrade|install)|helmfile\s+(?:apply|sync)"
    r"|argocd\s+app\s+(?:sync|set)|flux\s+reconcile|oc\s+(?:apply|rollout|start-build)|skaffold\s+run"
    r"|(?:terraform|tofu|terragrunt)\s+(?:-\S+\s+)*(?:run-all\s+)?apply|pulumi\s+up|ansible-playbook|kamal\s+(?:deploy|redeploy)|nomad\s+(?:job\s+)?run"
    r"|(?:npx\s+)?vercel\s+(?:deploy|--prod|.*--prod)|(?:npx\s+)?(?:wrangler|firebase)\s+(?:pages\s+)?deploy|railway\s+(?:up|redeploy)"
    r"|(?:npx\s+)?netlify\s+deploy|heroku\s+(?:container:release|builds:create)|az\s+(?:webapp\s+(?:up|deploy\S*|config\s+container)|containerapp\s+(?:up|update)"
    r"|functionapp\s+deploy\S*|container\s+create|acr\s+task\s+run)|func\s+azure\s+functionapp\s+publish|doctl\s+apps\s+(?:create-deployment|update)"
    r"|render\s+deploys\s+create|koyeb\s+(?:service\s+)?(?:redeploy|update)|caprover\s+deploy|modal\s+deploy|cf\s+push|dokku\s+\S+|scw\s+container\s+container\s+deploy"
    r"|fastapi\s+(?:cloud\s+)?deploy|docker\s+stack\s+deploy|git\s+push\s+.*(?:heroku|dokku|huggingface\.co|clever-cloud|scalingo|gigalixir|piku)"
    r"|huggingface-cli\s+upload|hf\s+upload|curl\s+.*(?:api\.render\.com/deploy|deploy[-_]?hook|/deploy/srv-|RENDER_\w*HOOK|DEPLOY_(?:HOOK|WEBHOOK|URL)\w*|webhooks/deploy|coolify)"
    r"|(?:sshpass\s+.{0,200})?ssh\s.{0,2000}(?:docker|compose|systemctl|supervisorctl|pm2|git\s+pull|deploy|restart|bash|<<)"
    r"|rsync\s+.*\S+@\S+:|scp\s+.*\S+@\S+:",
    re.IGNORECASE,
)  # fmt: skip
_DEPLOYING_ACTIONS = (
    "google-github-actions/deploy-", "aws-actions/amazon-ecs-deploy-task-definition", "aws-actions/aws-lambda-deploy",
    "azure/webapps-deploy", "azure/container-apps-deploy-action", "azure/functions-action", "azure/k8s-deploy", "azure/aci-deploy",
    "akhileshns/heroku-deploy", "appleboy/ssh-action", "appleboy/scp-action", "digitalocean/app_action", "digitalocean/app-action",
    "einaregilsson/beanstalk-deploy", "johnbeynon/render-deploy-action", "amondnet/vercel-action", "cloudflare/wrangler-action",
    "burnett01/rsync-deployments", "easingthemes/ssh-deploy", "caprover/deploy-from-github", "dokku/github-action", "appleboy/lambda-action",
    "bitovi/github-actions-deploy-docker-to-ec2", "railwayapp/", "bervprojectapps/railway", "koyeb/action-git-deploy",
    "jakejarvis/s3-sync-action", "nwtgck/actions-netlify", "cssnr/stack-deploy-action", "fjogeleit/yaml-update-action",
    "huggingface/hub-sync", "nicenshtein/hf-sync", "pantheon-systems/push-to-pantheon", "zauberzeug/", "swisspost/",
)  # fmt: skip
_STARTS_HERE = lazy_pattern(
    r"docker(?:-compose|\s+compose|\s+stack)\s.*\b(?:up|deploy)\b|systemctl\s+(?:re)?start"
)
"""What deploys where the pipeline runs on the machine itself."""

_BUILDS = lazy_pattern(r"docker\s+(?:buildx\s+)?(?:build|push)\b|(?:podman|buildah)\s+(?:build|bud|push)\b|pack\s+build")  # fmt: skip
_STAGING = lazy_pattern(
    r"(?:\A|[^a-z])(?:staging|stage|stg|preview|pre-?prod(?:uction)?|qa|uat|sandbox|canary|develop(?:ment)?|dev|test|beta)(?:\Z|[^a-z])",
    re.IGNORECASE,
)
_STAGED = lazy_pattern(
    r"(?:\A|[^a-z])(?:staging|stage|stg|preview|pre-?prod|qa|uat)(?:\Z|[^a-z])", re.IGNORECASE
)
"""The same in names of jobs and files, where ``test`` means something else."""

_SMOKE = lazy_pattern(
    r"(?:curl|wget|http)\s+(?=.*https?:|.*\$).*(?:health|healthz|livez|readyz|ready|status|ping)|\S*smoke\S*\.(?:sh|py)|.*pytest\s+.*smoke"
)
_GOES_BACK = lazy_pattern(
    r"(?:kubectl\s+(?:-\S+\s+\S+\s+)*rollout\s+undo|helm\s+rollback|helm\s+upgrade\s+.*--(?:atomic|rollback-on-failure)|heroku\s+(?:releases:rollback|rollback)"
    r"|(?:fly|flyctl)\s+releases\s+rollback|(?:fly|flyctl)\s+deploy\s+.*--image|gcloud\s+(?:\S+\s+)*update-traffic\s+.*--to-revisions"
    r"|gcloud\s+app\s+(?:services\s+set-traffic|versions\s+migrate)|aws\s+deploy\s+stop-deployment\s+.*--auto-rollback|aws\s+ecs\s+update-service\s+.*--task-definition\s+.*(?:prev|old|last|rollback|\$)"
    r"|aws\s+lambda\s+update-alias|vercel\s+(?:rollback|promote)|netlify\s+.*rollback|railway\s+rollback|kamal\s+rollback|argocd\s+app\s+rollback|docker\s+service\s+rollback"
    r"|docker\s+service\s+update\s+--rollback|eb\s+deploy\s+.*--version|oc\s+rollout\s+undo|nomad\s+job\s+revert|az\s+(?:webapp\s+deployment\s+slot\s+swap|containerapp\s+(?:revision|ingress\s+traffic))"
    r"|git\s+revert\s|wrangler\s+rollback|firebase\s+hosting:rollback|copilot\s+.*rollback)",
    re.IGNORECASE,
)  # fmt: skip
_ROLLBACK_NAME = lazy_pattern(r"roll[-_]?back|revert[-_]?(?:deploy|release)|previous[-_]?release", re.IGNORECASE)  # fmt: skip
_VERSION_INPUT = lazy_pattern(r"(?:\A|_|-)(?:tag|version|image|sha|ref|commit|release|revision|digest)(?:\Z|_|-)", re.IGNORECASE)  # fmt: skip
_AUTOMATIC_RETURN = lazy_pattern(
    r"deployment_circuit_breaker\s*\{[^}]{0,300}rollback\s*=\s*true|auto_rollback_configuration\s*\{[^}]{0,300}enabled\s*=\s*true|failure_action:\s*rollback|autoRollback:\s*true|auto_rollback\s*=\s*true",
    re.DOTALL,
)
_PROGRESSIVE = lazy_pattern(
    r"kind:\s*[\"']?(?:Rollout|Canary)\b(?=[\s\S]{0,4000}(?:canary|blueGreen|analysis))|BLUE_GREEN|^\s*strategy\s*=\s*[\"'](?:canary|bluegreen)[\"']"
    r"|kind:\s*[\"']?VirtualService\b[\s\S]{0,4000}weight:\s*[1-9]|CodeDeployDefault\.\w*(?:Canary|Linear)|DeploymentPreference:\s*\n\s*Type:\s*(?:Canary|Linear)",
    re.MULTILINE,
)
_PROGRESSIVE_COMMAND = lazy_pattern(r"--no-traffic\b|--no-promote\b|--canary\b|--strategy[= ](?:canary|bluegreen|blue-green)|--to-tags\b|deployment\s+slot\s+swap|kubectl\s+argo\s+rollouts|flagger")  # fmt: skip
FLAGS = (
    "openfeature.", "UnleashClient.", "ldclient.", "flagsmith.", "waffle.", "growthbook.", "statsig.", "statsig_python_core.",
    "splitio.", "configcatclient.", "flipper.", "gargoyle.", "flags.state.", "posthog.feature_enabled", "posthog.get_feature_flag",
    "featureflags.", "optimizely.", "eppo_client.", "flagsmith_flag_engine.", "flask_featureflags.", "django_flags.",
)  # fmt: skip
"""What is called of libraries that switch features on and off."""

_RETURN_WORDS = lazy_pattern(
    r"rollback|rollout undo|--to-revisions|update-alias|slot swap|job revert"
)
_LARGEST = 128 * 1024
_LONGEST = 500
_SCRIPTS = (".sh", ".bash", ".ps1")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One step, or one file of a platform, that brings a release to its users.

    Attributes:
        place: Where it stands.
        how: The command, the action, or the file.
        pipeline: Where it runs, where it is a step.
        job: The job, as far as that is told apart.
        platform: The platform that deploys each push by itself, where it is a file.
    """

    place: Place
    how: str
    pipeline: Pipeline | None = None
    job: str = ""
    platform: str = ""


def deployments(
    project: Project, service: Service, pipelines: list[Pipeline]
) -> tuple[Deployment, ...]:
    """Return what deploys the service: steps of pipelines, and files of platforms that follow pushes."""
    return (*_steps(pipelines), *_platforms(project, service))


def _steps(pipelines: list[Pipeline]) -> Iterator[Deployment]:
    for pipeline in pipelines:
        if not pipeline.jobs:
            continue
        for command in pipeline.commands:
            here = command.job in pipeline.own_machines and _STARTS_HERE.match(command.text)
            if here or (DEPLOYS.match(command.text) and "--dry-run" not in command.text):
                yield Deployment(command.place, command.text, pipeline, command.job)
        for use in pipeline.uses:
            if use.name.lower().startswith(_DEPLOYING_ACTIONS):
                yield Deployment(use.place, use.name, pipeline, use.job)


def image_build(pipelines: list[Pipeline]) -> Place | None:
    """Return where a pipeline builds or pushes an image, whatever becomes of it."""
    for pipeline in pipelines:
        places = [c.place for c in pipeline.commands if _BUILDS.match(c.text)]
        places += [
            use.place for use in pipeline.uses if use.name.startswith("docker/build-push-action")
        ]
        if places:
            return places[0]
    return None


def _platforms(project: Project, service: Service) -> Iterator[Deployment]:
    """Yield files by which a platform builds and deploys what is pushed."""
    tree = project.tree
    for folder in dict.fromkeys(upwards(service.root)):
        for name, platform in _PLATFORM_FILES.items():
            path = join(folder, name)
            if path in tree and _says_what_to_run(tree, path, platform):
                yield Deployment(Place(path), name, platform=platform)
    for path, text in manifests(tree):
        # https://argo-cd.readthedocs.io: an Application with automated sync follows the repository
        if re.search(
            r"^apiVersion:\s*argoproj\.io/\S+\s*\nkind:\s*Application\b", text, re.MULTILINE
        ):
            yield Deployment(Place(path), "Argo CD application", platform="Argo CD")
        elif re.search(r"^kind:\s*(?:HelmRelease|GitRepository)\b", text, re.MULTILINE):
            yield Deployment(Place(path), "Flux", platform="Flux")


_PLATFORM_FILES = {
    "render.yaml": "Render",
    "render.yml": "Render",
    "vercel.json": "Vercel",
    "railway.json": "Railway",
    "railway.toml": "Railway",
    "app.json": "Heroku",
    "Procfile": "Heroku",
    "heroku.yml": "Heroku",
    ".do/app.yaml": "DigitalOcean",
    "apprunner.yaml": "App Runner",
    "koyeb.yaml": "Koyeb",
    ".platform.app.yaml": "Platform.sh",
    ".upsun/config.yaml": "Upsun",
    "README.md": "Hugging Face Spaces",
}
BUILT_IN_RETURN = frozenset(
    {"Render", "Vercel", "Railway", "Heroku", "DigitalOcean", "App Runner", "Argo CD", "Koyeb"}
)
"""Platforms that keep earlier releases and go back to one at a click."""

SET_UP_ELSEWHERE = frozenset({"Heroku", "Railway", "Koyeb", "App Runner", "DigitalOcean"})
"""Platforms whose environments stand in a dashboard, not in the file."""


def _says_what_to_run(tree: Tree, path: str, platform: str) -> bool:
    text = text_of(tree, path)
    match platform:
        case "Render" | "DigitalOcean":
            services = read_yaml(tree, path).get("services")
            return isinstance(services, list) and any(
                isinstance(item, dict) and item.get("autoDeploy") is not False for item in services
            )
        case "Vercel":
            data = read_json(tree, path)
            return any(key in data for key in ("builds", "functions", "rewrites", "routes"))
        case "Railway":
            data = read_json(tree, path) if path.endswith(".json") else read_toml(tree, path)
            return bool(data.get("deploy") or data.get("build"))
        case "Heroku" if path.endswith("Procfile"):
            return re.search(r"^web:\s*\S+", text, re.MULTILINE) is not None
        case "Heroku" if path.endswith("app.json"):
            data = read_json(tree, path)
            return bool(data.get("buildpacks") or data.get("formation"))
        case "Hugging Face Spaces":
            return (
                re.match(r"---\s*\n(?:(?!---).*\n)*sdk:\s*(?:docker|gradio|streamlit)", text)
                is not None
            )
        case _:
            return bool(read_yaml(tree, path))


def has_staging(project: Project, found: tuple[Deployment, ...]) -> bool:
    """Whether a release is tried somewhere, or approved by somebody, before all users get it."""
    for item in found:
        if item.pipeline is None:
            if item.platform in {"Vercel", "Argo CD", "Flux"} or _previews(project.tree, item):
                return True
            continue
        pipeline = item.pipeline
        environments = {pipeline.environments.get(item.job, ""), *pipeline.environments.values()}
        if pipeline.has_approval or any(_STAGING.search(name) for name in environments):
            return True
        if any("manual-approval" in use.name for use in pipeline.uses):
            return True
        written = f"{item.how} {item.job} {pipeline.path.rpartition('/')[2]}"
        if _STAGED.search(written):
            return True
        if any(_SMOKE.match(command.text) for command in pipeline.commands):
            return True
    return False


def _previews(tree: Tree, item: Deployment) -> bool:
    text = text_of(tree, item.place.path)
    if item.platform == "Render":
        return bool(re.search(r"previews?(?:Enabled|:)|pullRequestPreviewsEnabled:\s*true|staging", text, re.IGNORECASE))  # fmt: skip
    if item.how == "app.json":
        return bool(table(read_json(tree, item.place.path), "environments").get("review"))
    return False


def production_environment(found: tuple[Deployment, ...]) -> str:
    """Return the protected environment that a step deploys to, if it names one."""
    for item in found:
        if item.pipeline is not None and item.pipeline.kind == "github":
            name = item.pipeline.environments.get(item.job, "")
            if name:
                return name
    return ""


def goes_back(project: Project, pipelines: list[Pipeline], found: tuple[Deployment, ...]) -> bool:
    """Whether one command, one job or the deployment itself brings the previous release back."""
    tree = project.tree
    for pipeline in pipelines:
        if any(_GOES_BACK.match(command.text) for command in pipeline.commands):
            return True
        deploys = any(item.pipeline is pipeline for item in found)
        if deploys and any(_VERSION_INPUT.search(name) for name in pipeline.parameters):
            return True
        if deploys and _ROLLBACK_NAME.search(pipeline.path):
            return True
    paths = (*project.compose_files, *project.terraform, *(path for path, _ in manifests(tree)))
    if any(_AUTOMATIC_RETURN.search(text_of(tree, path)) for path in paths):
        return True
    if any(_is_rollback(tree, path) for path in tree.paths):
        return True
    # what deploys can go back, and somebody wrote down how
    return any(item.pipeline is not None for item in found) and any(
        _documents_return(text_of(tree, path)) for path in tree.paths if path.endswith(".md")
    )


def _documents_return(text: str) -> bool:
    """Whether a command that goes back stands on a line of its own, as in a block of code."""
    if not _RETURN_WORDS.search(text):
        return False
    lines = (line.strip().lstrip("$> ") for line in text.splitlines() if len(line) < _LONGEST)
    return any(_GOES_BACK.match(line) for line in lines)


def _is_rollback(tree: Tree, path: str) -> bool:
    name = path.rpartition("/")[2]
    if name in {"Makefile", "makefile", "justfile", "Taskfile.yml"}:
        text = text_of(tree, path)
        match = re.search(r"^[\w-]{0,40}rollback[\w-]{0,40}[ \t]*:(?!=)[^\n]*\n((?:[ \t]+\S[^\n]*(?:\n|\Z))+)", text, re.MULTILINE)  # fmt: skip
        # one that only takes migrations back leaves the release in place
        return match is not None and not re.search(r"alembic|flask db|migrate", match[1])
    if not name.endswith((*_SCRIPTS, ".py")) or folder_of(path).startswith(("tests", "docs")):
        return False
    text = text_of(tree, path) if name.endswith((".sh", ".bash")) else ""
    if len(text) > _LARGEST:
        return False
    if _ROLLBACK_NAME.search(name) and "migrat" not in name:
        return any(_acts(command.text) for command in simple_commands(text))
    return "roll" in text and any(_GOES_BACK.match(c.text) for c in simple_commands(text))


def _acts(command: str) -> bool:
    return bool(DEPLOYS.match(command) or _GOES_BACK.match(command)) or bool(
        re.match(r"(?:docker|podman|kubectl|git|systemctl|ln|aws|gcloud|az|fly|heroku)\s", command)
    )


def is_progressive(project: Project, pipelines: list[Pipeline]) -> bool:
    """Whether a release reaches some users before the others."""
    tree = project.tree
    for pipeline in pipelines:
        if any(_PROGRESSIVE_COMMAND.search(command.text) for command in pipeline.commands):
            return True
    paths = (
        *project.terraform,
        *tree.named("fly.toml", "template.yaml", "appspec.yml"),
        *(path for path, _ in manifests(tree)),
    )
    return any(_PROGRESSIVE.search(text_of(tree, path)) for path in paths)


def deployment_place(project: Project, item: Deployment) -> Place:
    """Return the line of a file at which a finding about a deployment is shown."""
    if item.pipeline is not None:
        return item.place
    text = text_of(project.tree, item.place.path)
    words = {"Render": "services:", "Heroku": "web:"}.get(item.platform, "")
    return Place(item.place.path, line_of(text, words) if words else 1)
