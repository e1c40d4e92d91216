"""What a workflow has to know: tests, linters, types, services, images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from buttress.analysis.delivery.images import service_images
from buttress.planning.development_files import development_files
from buttress.planning.providers import answer
from buttress.planning.providers.container import database_address, database_env
from buttress.project.model import Framework, Project, Role, Service
from buttress.rewrites.image_facts import build_context
from buttress.source import requirements, toml_dependencies, toml_editor
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError

OWN = frozenset({".github/workflows/ci.yml", ".github/workflows/security.yml"})
_SCANS = (
    re.compile(r"\b(bandit|semgrep|codeql|sonar\w*|snyk)\b", re.IGNORECASE),
    re.compile(r"\b(pip-audit|safety|uv audit|osv-scanner|dependency-review|trivy|grype|snyk)\b"),
    re.compile(r"\b(gitleaks|detect-secrets\S*|trufflehog|ggshield|trivy)\b"),
)
_TESTS = lazy_pattern(
    r"\b(pytest|unittest|manage\.py test|tox|nox|scripts?/test|make test)\b"
    r"|^\s+(name:\s*)?[\"']?([\w-]+[ -])?tests?\b[\w -]*[\"']?:?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_DEV_GROUPS = ("dev", "test", "tests", "testing", "lint", "types")
# What the PostgreSQL of the job is reached by; it asks for no password.
_SERVER = {"host": "localhost", "port": "5432", "user": "postgres", "password": "", "name": "test"}
_RENOVATE = lazy_pattern(r"(\.github/|\.gitlab/)?(renovate\.json5?|\.renovaterc(\.json5?)?)\Z")


@answer("ci-workflow")
def needed_workflow(project: Project, service: Service) -> str:
    """Return which jobs no CI definition of the project's own has: ``all``, ``security``, ``none``."""
    is_ours = ".copier-answers.ci.yml" in project.tree
    texts = []
    for path in project.workflows:
        if not path.startswith(".github/"):
            return "none"
        text = project.tree.text(path)
        if text is not None and not (is_ours and path in OWN):
            texts.append(re.sub(r"(^|\s)#.*", "", text.content, flags=re.MULTILINE))
    on_change = [text for text in texts if re.search(r"\b(push|pull_request|schedule)\b", text)]
    if not any(_TESTS.search(text) for text in on_change):
        return "all"
    scanned = [any(scan.search(text) for text in on_change) for scan in _SCANS]
    return "none" if all(scanned) else "security"


@answer("ci-dependabot")
def needs_dependabot(project: Project, service: Service) -> bool:
    """Whether nothing proposes updates yet."""
    return ".github/dependabot.yaml" not in project.tree and not any(
        _RENOVATE.match(path) for path in project.tree.paths
    )


@answer("ci-lint")
def linter(project: Project, service: Service) -> str:
    """Return the linter that the project both declares and configures, else ``basic``."""
    declared = _declared(project, service)
    if "ruff" in declared and _configured(project, service, "ruff", "ruff.toml", ".ruff.toml"):
        return "ruff"
    if "flake8" in declared and _configured(project, service, "flake8", ".flake8"):
        return "flake8"
    return "basic"


@answer("ci-types")
def type_checker(project: Project, service: Service) -> str:
    """Return the type checker that the project both declares and configures, else ``none``."""
    declared = _declared(project, service)
    if "mypy" in declared and _configured(project, service, "mypy", "mypy.ini", ".mypy.ini"):
        return "mypy"
    if "pyright" in declared and _configured(project, service, "pyright", "pyrightconfig.json"):
        return "pyright"
    return "none"


@answer("ci-types-target")
def type_checker_target(project: Project, service: Service) -> str:
    """Return what mypy has to be told to look at; nothing where its configuration says so."""
    table = _table(project, service, "mypy")
    return "" if table.keys() & {"files", "packages", "modules"} else "."


@answer("ci-test-command")
def test_command(project: Project, service: Service) -> str:
    """Return the command that runs the tests; empty where they cannot run on another machine.

    Nothing is declared that could be installed for them, or the tests of a Django site need a
    database server whose address stands in the settings.
    """
    if service.manifest is None or _needs_fixed_server(project, service):
        return ""
    if service.framework is not Framework.DJANGO or "pytest" in _declared(project, service):
        return "python -m pytest"
    inside = posixpath.relpath(service.import_root or ".", service.root or ".")
    # only a label makes Django look for tests elsewhere than in the folder that it is run in
    label = "" if inside == "." else f" {inside}/"
    for folder in (".", inside):
        manage = posixpath.normpath(posixpath.join(folder, "manage.py"))
        if posixpath.normpath(posixpath.join(service.root, manage)) in project.tree:
            return f"python {manage} test{label}"
    return "python -m pytest"


def _needs_fixed_server(project: Project, service: Service) -> bool:
    if service.framework is not Framework.DJANGO:
        return False
    first = next((fact.value for fact in service.databases), "")
    if first != "postgresql":
        return first in ("mysql", "oracle")
    return not (database_address(project, service)[0] or database_env(project, service))


@answer("ci-test-declared")
def declares_pytest(project: Project, service: Service) -> bool:
    """Whether installing the project brings pytest."""
    return "pytest" in _declared(project, service)


@answer("ci-test-env")
def test_environment(project: Project, service: Service) -> dict[str, str]:
    """Return the variables that the tests need, as far as the project says."""
    found: dict[str, str] = {}
    inside = posixpath.relpath(service.import_root or ".", service.root or ".")
    pytest = _table(project, service, "pytest").get("ini_options")
    if inside not in (".", "..") and not (isinstance(pytest, dict) and "pythonpath" in pytest):
        found["PYTHONPATH"] = inside
    if "postgresql" in _services(project, service):
        name, scheme = database_address(project, service)
        if name:
            found[name] = f"{scheme}://postgres@localhost:5432/test"
        for variable, part in database_env(project, service).items():
            found[variable] = _SERVER[part]
    return found


@answer("ci-services")
def test_services(project: Project, service: Service) -> list[str]:
    """Return what the tests talk to, as far as their text or, in Django, the settings say."""
    return _services(project, service)


@answer("ci-image")
def image(project: Project, service: Service) -> str:
    """Return the Dockerfile of the service; empty if there is none."""
    return _dockerfile(project, service)


@answer("ci-image-context")
def image_context(project: Project, service: Service) -> str:
    """Return the folder that the image is built from."""
    path = _dockerfile(project, service)
    return (build_context(project, path) or ".") if path else "."


def _dockerfile(project: Project, service: Service) -> str:
    return next((image.path for image in service_images(project, service)), "")


@answer("ci-dev-requirements")
def development_requirements(project: Project, service: Service) -> list[str]:
    """Return the requirements files for development beside the manifest."""
    if service.manifest is None or not service.manifest.path.endswith(".txt"):
        return []
    found = development_files(project.tree, service.root)
    return [posixpath.relpath(path, service.root or ".") for path in found]


@answer("ci-dev-extras")
def development_extras(project: Project, service: Service) -> list[str]:
    """Return the extras that hold what development needs."""
    return _groups(project, service, "project.optional-dependencies.")


@answer("ci-dev-groups")
def development_groups(project: Project, service: Service) -> list[str]:
    """Return the dependency groups that hold what development needs."""
    return _groups(project, service, "dependency-groups.")


def _groups(project: Project, service: Service, parent: str) -> list[str]:
    text = _pyproject(project, service)
    try:
        tables = toml_dependencies.declared(text)
    except RefusedError:
        return []
    return [group for group in _DEV_GROUPS if parent + group in tables]


def _services(project: Project, service: Service) -> list[str]:
    kinds = [fact.value for fact in service.databases]
    # every test case of Django opens the database of the settings
    opened = kinds[:1] if service.framework is Framework.DJANGO else []
    texts = [text.lower() for text in _test_texts(project, service)]
    return [
        kind
        for kind, word in (("postgresql", "postgres"), ("redis", "redis://"))
        if kind in kinds and (kind in opened or any(word in text for text in texts))
    ]


def _test_texts(project: Project, service: Service) -> Iterator[str]:
    for path in service.files(Role.TEST):
        text = project.tree.text(path)
        if text is not None:
            yield text.content


def _declared(project: Project, service: Service) -> set[str]:
    """Return the canonical names that installing the project for development brings."""
    names = {item.name for item in service.manifest.dependencies} if service.manifest else set()
    for path in development_files(project.tree, service.root):
        text = project.tree.text(path)
        if text is not None:
            names |= {entry.name for entry in requirements.parse(text.content) if entry.name}
    return names


def _configured(project: Project, service: Service, tool: str, *files: str) -> bool:
    path = posixpath.join(service.root, "setup.cfg")
    in_setup = project.tree.text(path) if path in project.tree else None
    return (
        bool(_table(project, service, tool))
        or any(posixpath.join(service.root, file) in project.tree for file in files)
        or (in_setup is not None and f"[{tool}]" in in_setup.content)
    )


def _table(project: Project, service: Service, tool: str) -> dict[str, object]:
    try:
        table = toml_editor.lookup(_pyproject(project, service), ("tool", tool))
    except RefusedError:
        return {}
    return table if isinstance(table, dict) else {}


def _pyproject(project: Project, service: Service) -> str:
    path = posixpath.join(service.root, "pyproject.toml")
    text = project.tree.text(path) if path in project.tree else None
    return text.content if text is not None else ""
