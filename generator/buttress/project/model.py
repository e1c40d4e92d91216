"""What inspection knows about a project: facts, each with the place it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from buttress.project.folders import is_inside
from buttress.source import Tree


class Framework(StrEnum):
    """Web frameworks that are recognised."""

    FASTAPI = "fastapi"
    FLASK = "flask"
    DJANGO = "django"
    STARLETTE = "starlette"
    STREAMLIT = "streamlit"


class Role(StrEnum):
    """What a file is for; rewrites look at ``APP`` alone unless a recipe is about others."""

    APP = "app"
    TEST = "test"
    SCRIPT = "script"
    MIGRATION = "migration"
    GENERATED = "generated"
    VENDORED = "vendored"


class Manager(StrEnum):
    """Package managers."""

    PIP = "pip"
    UV = "uv"
    POETRY = "poetry"
    PDM = "pdm"
    PIPENV = "pipenv"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was read: path relative to the root of the tree, line and column from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A single value with its evidence.

    Attributes:
        value: What is known, as text.
        place: Where it was read.
        reason: How the place says so, in a few words (``Dockerfile CMD``, ``requires-python``).
    """

    value: str
    place: Place
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AppObject:
    """An app object: ``app = FastAPI()`` at module level, or made by a factory.

    Attributes:
        name: The variable that holds it, as the code that makes it calls it.
        framework: What it is an object of.
        place: The call that makes it.
        module: Its dotted module relative to the service's import root (``app.main``).
        factory: The function that makes and returns it; ``None`` for a module-level object.
        factory_arguments: Whether the factory can only be called with arguments.
        instance: A module-level name that holds the result of calling the factory, as
            ``module:name`` (``app:app``), where there is one; also the name that the entry command
            gives, where a module only passes the object on (``main:app``).
        outer_factory: The function that calls the factory and returns its result, as
            ``module:name``, where the code calls that one instead.
        function: Where the object is made, if that is a function or method that does not return
            it (``main``, ``Server.__init__``); then no server can be pointed at it.
        via: The library that makes the object inside its own (``connexion``).
        reason: Why it stands where it stands: what names it, or why it was set aside.
    """

    name: str
    framework: Framework
    place: Place
    module: str
    factory: str | None = None
    factory_arguments: bool = False
    instance: str | None = None
    outer_factory: str | None = None
    function: str | None = None
    via: str = ""
    reason: str = ""

    @property
    def target(self) -> str:
        """What a server is started with: ``app.main:app``, ``app:create_app``.

        Only the module where no name leads to the object (Streamlit, an app made in ``main``).
        """
        made = self.instance or self.outer_factory
        if made is not None:
            return made
        name = "" if self.function else self.factory or self.name
        return f"{self.module}:{name}" if name else self.module

    @property
    def is_factory(self) -> bool:
        """Whether the target is a function to call, not the object itself."""
        return self.instance is None and (self.factory or self.outer_factory) is not None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a route handler, with its annotation and default as written."""

    name: str
    annotation: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One path that an app answers.

    Attributes:
        methods: Upper case and sorted; ``WEBSOCKET`` for a socket.
        path: As far as it is known statically, with the prefixes of routers and blueprints.
        handler: Dotted name of the function inside its module (``ItemView.get``).
        place: The ``def`` of the handler, or the call that registers it.
        parameters: Those of the handler.
        is_async: Whether the handler is a coroutine.
        owner: The name that the decorator stands on (``app``, ``router``, ``bp``).
        is_complete: Whether ``path`` is all of it; a prefix read from settings is not known.
        name: What a router of Django REST framework calls it (``order-list``).
    """

    methods: tuple[str, ...]
    path: str
    handler: str
    place: Place
    parameters: tuple[Parameter, ...] = ()
    is_async: bool = False
    owner: str = ""
    is_complete: bool = True
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One declared requirement.

    Attributes:
        name: Canonical (PEP 503).
        specifier: As written without the name (``>=2.0``, ``==1.4.2``, ``^0.110``), may be empty.
        place: Where it is declared.
        group: ``""`` for run time, else the group or extra (``dev``, ``test``).
        extras: Those asked for (``standard``), sorted.
    """

    name: str
    specifier: str
    place: Place
    group: str = ""
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file that declares what a service needs.

    Attributes:
        path: ``backend/requirements.txt``, ``pyproject.toml``, ``Pipfile``.
        kind: ``requirements``, ``pep621``, ``poetry``, ``pdm``, ``pipfile``, ``setup``.
        manager: The package manager in use, as far as files tell.
        lock: The path of the lock file, if there is one.
        dependencies: All groups.
    """

    path: str
    kind: str
    manager: Manager
    lock: str | None = None
    dependencies: tuple[Dependency, ...] = ()

    def declares(self, name: str) -> Dependency | None:
        """Return the requirement on a package by its canonical name."""
        return next((item for item in self.dependencies if item.name == name), None)


@dataclass(frozen=True)
class Service:
    """One deployable app inside a project.

    Attributes:
        root: The folder relative to the tree's root, ``""`` for the root itself.
        framework: What it is written with.
        apps: App objects, the one that is deployed first.
        import_root: Folder on ``sys.path`` relative to the tree's root (``backend/src``).
        package_folder: Folder relative to the tree's root where new modules of the app go.
        package: Dotted name of that folder relative to ``import_root``; may be empty.
        manifest: The manifest that the service really uses, if any.
        entry_command: How it is started (``uvicorn app.main:app``), if a file says so.
        python: Declared or probable Python version, as ``3.12``.
        databases: ``sqlite``, ``postgresql``, ... by kind, the first read first.
        drivers: Import names of database drivers and ORMs (``sqlite3``, ``sqlalchemy``).
        http_clients: Import names of HTTP clients (``requests``).
        llm_clients: Import names of LLM clients (``openai``).
        routes: All routes.
        reachable: Paths of the modules that the app imports, itself included.
        roles: The role of every Python file below the root.
        port: The port that a file says it listens on.
        start_file: The call that starts the server by itself (``app.run``), if any.
        entry_commands: Every command that starts it, the strongest evidence first.
        python_evidence: Everything that speaks of a Python version, also where it disagrees.
    """

    root: str
    framework: Framework
    apps: tuple[AppObject, ...]
    import_root: str
    package_folder: str
    package: str
    manifest: Manifest | None = None
    entry_command: Fact | None = None
    python: Fact | None = None
    databases: tuple[Fact, ...] = ()
    drivers: tuple[Fact, ...] = ()
    http_clients: tuple[Fact, ...] = ()
    llm_clients: tuple[Fact, ...] = ()
    routes: tuple[Route, ...] = ()
    reachable: frozenset[str] = frozenset()
    roles: Mapping[str, Role] = field(default_factory=dict)
    port: Fact | None = None
    start_file: Place | None = None
    entry_commands: tuple[Fact, ...] = ()
    python_evidence: tuple[Fact, ...] = ()

    @property
    def app(self) -> AppObject:
        """The app object that is deployed."""
        return self.apps[0]

    @cached_property
    def _files_by_role(self) -> dict[Role, tuple[str, ...]]:
        found: dict[Role, list[str]] = {}
        for path, role in sorted(self.roles.items()):
            found.setdefault(role, []).append(path)
        return {role: tuple(paths) for role, paths in found.items()}

    @cached_property
    def _handlers_by_path(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for route in self.routes:
            found.setdefault(route.place.path, set()).add(route.handler)
        return {path: frozenset(names) for path, names in found.items()}

    @cached_property
    def _routes_by_path(self) -> dict[str, tuple[Route, ...]]:
        found: dict[str, list[Route]] = {}
        for route in self.routes:
            found.setdefault(route.place.path, []).append(route)
        return {path: tuple(routes) for path, routes in found.items()}

    def routes_in(self, path: str) -> tuple[Route, ...]:
        """Return the routes whose handlers, or whose registrations, stand in a file."""
        return self._routes_by_path.get(path, ())

    def handlers(self, path: str) -> frozenset[str]:
        """Return the dotted names of the functions in a file that answer a route."""
        return self._handlers_by_path.get(path, frozenset())

    def files(self, role: Role) -> tuple[str, ...]:
        """Return the Python files of a role, sorted."""
        return self._files_by_role.get(role, ())

    def dotted(self, path: str) -> str:
        """Return the dotted module name of a Python file relative to the import root."""
        inside = path.removeprefix(self.import_root + "/") if self.import_root else path
        return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Package:
    """A package of JavaScript or TypeScript: mostly the front end of a service.

    Attributes:
        language: ``javascript`` or ``typescript``.
        root: Its folder relative to the tree's root.
        manifest: The path of its ``package.json``.
        manager: ``npm``, ``pnpm``, ``yarn`` or ``bun``.
        lock: The lock file that covers it, also that of the workspace it belongs to.
        workspace: The ``package.json`` whose workspace it belongs to.
        frameworks: What it is built with (``react``, ``vite``), by name.
        dependencies: Those for run time have no group, the others ``dev``.
        scripts: Commands by the name that ``npm run`` takes.
        dockerfiles: Dockerfiles in its folder.
    """

    language: str
    root: str
    manifest: str
    manager: str
    lock: str | None = None
    workspace: str | None = None
    frameworks: tuple[str, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)
    dockerfiles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """A whole repository: its services and the facts that belong to none of them alone.

    Attributes:
        tree: The files.
        services: Those with an app object, the likeliest main one first.
        roles: The role of every Python file of the tree.
        workflows: Paths of CI definitions (GitHub Actions, GitLab CI, ...).
        dockerfiles: Paths of Dockerfiles and Containerfiles.
        compose_files: Paths of compose files.
        terraform: Paths of Terraform files.
        other_ecosystems: Manifests of other languages (``frontend/package.json``).
        deploy_files: Paths of files that a platform starts services from (``Procfile``).
        set_aside: App objects that belong to no service, each with its reason: those of tests and
            examples, stale copies, second entries to the same modules.
        role_reasons: Why a file has its role, for every file that is not ``APP``.
        other_frameworks: Web frameworks that are imported but not supported.
        packages: Packages of JavaScript and TypeScript.
        beside: By the root of a service, the apps that are started from the same code and are not what
            is deployed: asked for hazards, never for controls, and not rewritten.
    """

    tree: Tree
    services: tuple[Service, ...]
    roles: Mapping[str, Role]
    workflows: tuple[str, ...] = ()
    dockerfiles: tuple[str, ...] = ()
    compose_files: tuple[str, ...] = ()
    terraform: tuple[str, ...] = ()
    other_ecosystems: tuple[Fact, ...] = ()
    deploy_files: tuple[str, ...] = ()
    set_aside: tuple[AppObject, ...] = ()
    role_reasons: Mapping[str, str] = field(default_factory=dict)
    other_frameworks: tuple[Fact, ...] = ()
    packages: tuple[Package, ...] = ()
    beside: Mapping[str, tuple[Service, ...]] = field(default_factory=dict)

    def roots_beside(self, service: Service) -> tuple[str, ...]:
        """Return the roots of the services whose folders are not around that of a service."""
        return tuple(s.root for s in self.services if not is_inside(service.root, s.root))
