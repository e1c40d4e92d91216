"""A front end's image: a server of finished files needs no root; what scripts need is not known."""

import pytest

from buttress.analysis.delivery.images import built_image
from buttress.project import inspect_project, select_service
from buttress.rewrites.harden_dockerfile import harden_dockerfiles
from buttress.rewrites.image_facts import ImageFacts
from buttress.rewrites.javascript_image import harden_javascript
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.registry import Context
from buttress.source import Draft, Tree, apply_edits

BUILT = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"
SERVED = (
    BUILT + 'RUN npm install -g serve\nEXPOSE 3000\nCMD ["serve", "-s", "dist", "-l", "3000"]\n'
)
USER = "\n# The user `node` of the base image.\nRUN chown -R 1000:1000 /app\nUSER 1000:1000\n"


def outcomes(text: str, facts: ImageFacts | None = None, ignored: str = ".env*") -> list[Outcome]:
    project = inspect_project(Tree.of({"Dockerfile": text, ".dockerignore": ignored}))
    image = built_image(project.tree, "Dockerfile")
    assert image is not None
    return list(harden_javascript(project, image, facts or ImageFacts()))


def hardened(text: str) -> str:
    edits = [e for o in outcomes(text) if isinstance(o, Changed) for e in o.edits]
    return apply_edits(text, edits)


def reasons(text: str, facts: ImageFacts | None = None) -> str:
    found = outcomes(text, facts)
    assert not [o for o in found if isinstance(o, Changed)]
    return " ".join(o.reason for o in found if isinstance(o, Abstained))


def test_a_server_of_finished_files_becomes_the_user_that_the_image_brings() -> None:
    after = SERVED.replace("-g serve\n", f"-g serve\n{USER}")

    assert hardened(SERVED) == after
    assert hardened(after) == after


def test_only_the_stage_that_is_deployed() -> None:
    before = (
        "FROM node:20-alpine AS builder\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n\n"
        "FROM node:20-alpine\nWORKDIR /web\nCOPY --from=builder /app/dist ./dist\nEXPOSE 8080\n"
        'CMD ["npx", "serve", "-s", "dist", "-l", "8080"]'
    )

    assert hardened(before) == before.replace("./dist\n", f"./dist\n{USER.replace('/app', '/web')}")


def test_what_is_mounted_has_to_be_agreed_on() -> None:
    found = [o for o in outcomes(SERVED, ImageFacts(has_mounts=True)) if isinstance(o, Changed)]

    assert [change.safety for change in found] == [Safety.REVIEW]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ('["npm", "start"]', "what `npm start` writes"),
        ('["npm", "run", "dev", "--", "--port", "3000"]', "what `npm run dev` writes"),
        ('["node", "server.js"]', "what `node` writes"),
        ('["/bin/bash", "/app/run.sh"]', "what `/bin/bash` writes"),
        ('["serve", "-s", "dist", "-l", "80"]', "a port above 1023"),
    ],
)
def test_other_programs_may_need_root(command: str, reason: str) -> None:
    text = SERVED.partition("EXPOSE")[0]

    assert reason in reasons(f"{text}CMD {command}\n")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("node:22-slim", "debian:13", "its base image"),
        ("npm install -g serve", "yarn global add serve", "for root alone"),
        ("npm install -g serve", "adduser -D web && npm install -g serve", "never becomes it"),
        ("WORKDIR /app\n", "", "the folder of the app"),
        ("EXPOSE", "USER root\nEXPOSE", "says so itself"),
    ],
)
def test_what_is_not_known_to_work_is_left_alone(old: str, new: str, reason: str) -> None:
    assert reason in reasons(SERVED.replace(old, new))


def test_a_command_of_a_compose_file_is_not_served_by_the_same_user() -> None:
    assert "a compose file starts" in reasons(SERVED, ImageFacts(has_other_command=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("EXPOSE", "USER node\nEXPOSE"),
        ("RUN npm install", "FROM nginx:1.29-alpine\nWORKDIR /app\nRUN npm install"),
    ],
)
def test_another_user_is_fine_already_and_so_is_an_image_whose_user_is_not_known(
    old: str, new: str
) -> None:
    found = outcomes(SERVED.replace(old, new))

    assert all(isinstance(outcome, Good) for outcome in found)


def test_env_files_stay_in_the_build_because_it_may_read_them() -> None:
    found = [o for o in outcomes(SERVED, ignored="dist") if isinstance(o, Abstained)]

    assert [(o.line, o.code) for o in found] == [(3, "env-in-image")]


def test_the_front_end_beside_a_service_is_hardened_with_it() -> None:
    draft = Draft(
        Tree.of(
            {
                "backend/main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
                "backend/requirements.txt": "fastapi\n",
                "frontend/package.json": '{"dependencies": {"react": "19.2.0"}}',
                "frontend/Dockerfile": SERVED,
                "frontend/.dockerignore": ".env*\n",
            }
        )
    )
    project = inspect_project(draft)
    service = select_service(project)
    found = list(harden_dockerfiles(Context(project, service, draft)))

    assert [o.path for o in found if isinstance(o, Changed)] == ["frontend/Dockerfile"]
    assert not [o for o in found if isinstance(o, Abstained)]


def test_a_dockerfile_that_docker_refuses_is_named() -> None:
    draft = Draft(
        Tree.of(
            {
                "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
                "requirements.txt": "fastapi\n",
                "Dockerfile": 'FROM python:3.12 # pin me\nCMD ["uvicorn", "main:app"]\n',
            }
        )
    )
    project = inspect_project(draft)
    service = select_service(project)
    (outcome,) = harden_dockerfiles(Context(project, service, draft))

    assert isinstance(outcome, Abstained)
    assert (outcome.line, outcome.code) == (1, "not-a-dockerfile")
    assert "a comment cannot stand behind FROM" in outcome.reason
