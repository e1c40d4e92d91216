"""Inspecting a tree: from files to the facts that everything else reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from buttress.project import infrastructure, javascript
from buttress.project.candidates import Candidate, describe, survey
from buttress.project.codebase import Codebase
from buttress.project.connexion import Specification, read_specifications
from buttress.project.databases import (
    databases_around,
    databases_in_code,
    environment_folders,
    first_of_each,
)
from buttress.project.deployment import read_deployment
from buttress.project.django import DjangoSite, application_module, find_sites
from buttress.project.django_routes import site_routes
from buttress.project.documents import line_of, read_toml, table, text_of
from buttress.project.folders import folder_of, is_inside, join, name_of, upwards
from buttress.project.libraries import (
    DRIVERS,
    HTTP_CLIENTS,
    LLM_CLIENTS,
    MAPPERS,
    OTHER_FRAMEWORKS,
    foreign_only,
    imported,
)
from buttress.project.manifests import manifests_in
from buttress.project.model import Fact, Framework, Place, Project, Role, Route, Service
from buttress.project.modules import OwnModules
from buttress.project.python_version import choose_python, python_evidence, syntax_evidence
from buttress.project.roles import below_root, decide_roles, is_test
from buttress.project.services import Group, dockerfiles_of, form_groups, package_of
from buttress.project.starts import MANAGED, Start
from buttress.project.streamlit import find_scripts
from buttress.source import Module, Tree

_MOST_BESIDE = 25
"""How many apps beside a service are inspected: a folder of hundreds is a collection, and each costs time."""


def inspect_project(tree: Tree) -> Project:
    """Return what a tree is: its services and the facts that belong to none of them alone.

    Nothing of the project is run, and no file is damaged enough to stop it: a module that does
    not parse has no nodes, a manifest that does not parse declares nothing.
    """
    modules = OwnModules(tree)
    deployment = read_deployment(modules)
    codebase = Codebase(modules, deployment)
    found = survey(codebase)
    candidates = found.candidates
    candidates += [_django(codebase, site) for site in find_sites(codebase)]
    candidates += find_scripts(codebase, candidates)
    groups, aside = form_groups(codebase, candidates)
    reachable = {group.root: _reachable(codebase, group, found.processes) for group in groups}
    roles, reasons = decide_roles(modules, frozenset[str]().union(*reachable.values()))
    services = [_service(codebase, group, reachable[group.root], roles) for group in groups]
    return Project(
        tree,
        tuple(services),
        roles,
        infrastructure.workflows(tree),
        tuple(deployment.images.dockerfiles),
        infrastructure.compose_files(tree),
        infrastructure.terraform(tree),
        infrastructure.other_ecosystems(tree),
        infrastructure.deploy_files(tree),
        (*found.set_aside, *aside),
        reasons,
        _other_frameworks(modules, roles),
        javascript.packages(tree, tuple(deployment.images.dockerfiles)),
        {
            group.root: tuple(
                _beside(codebase, group, item, roles) for item in group.beside[:_MOST_BESIDE]
            )
            for group in groups
            if group.beside
        },
    )


def _other_frameworks(modules: OwnModules, roles: Mapping[str, Role]) -> tuple[Fact, ...]:
    words = {name.partition(".")[0] for name in OTHER_FRAMEWORKS}
    # what the app imports is parsed already: to look into its imports costs less than to search it
    paths = [
        path
        for path in modules.paths
        if (roles[path] is Role.APP or modules.mentions(path, *words))
        and not is_test(modules.tree, path)
    ]
    return tuple(imported(map(modules.tree.module, paths), OTHER_FRAMEWORKS))


def _django(codebase: Codebase, site: DjangoSite) -> Candidate:
    candidate = Candidate(
        site.application[0] if site.application is not None else site.settings[0],
        Framework.DJANGO,
        site.place,
        root=site.root,
        extra_starts=site.starts,
        name=site.application[1] if site.application is not None else "",
    )
    entries = {*site.starts, candidate.path}
    candidate.starts = [
        start
        for start in codebase.deployment.starts
        if start.path in entries
        and (start.command.is_web_server or "runserver" in start.command.text)
    ]
    candidate.routes = site_routes(codebase.modules, site)
    candidate.reachable = codebase.graphs.of(site.root).reachable(site.starts)
    candidate.weight = 20.0 * candidate.strength + min(len(candidate.routes), 30)
    candidate.reason = f"settings {site.settings[0]}, served by {application_module(site)}"
    return candidate


def _reachable(codebase: Codebase, group: Group, processes: list[Start]) -> frozenset[str]:
    graph = codebase.graphs.of(group.main.root)
    starts = [path for candidate in group.candidates for path in candidate.entry_paths()]
    reached = graph.reachable(starts)
    # other processes of the same deployment: workers, schedulers, consumers
    more = [
        start.path
        for start in processes
        if start.path is not None
        and start.strength >= MANAGED
        and is_inside(start.path, group.root)
        and (graph.reachable([start.path]) & reached or start.root == group.main.root)
        and start.command.server in {"python", "celery", ""}
    ]
    more += _entry_points(codebase.modules, group)
    for document in _specifications(codebase, group, reached):
        more += document.modules
    return graph.reachable([*reached, *more])


def _specifications(
    codebase: Codebase, group: Group, reachable: frozenset[str]
) -> list[Specification]:
    if not any(item.app is not None and item.app.via == "connexion" for item in group.candidates):
        return []
    return list(read_specifications(codebase.modules, reachable, group.main.root))


def _routes(codebase: Codebase, group: Group, reachable: frozenset[str]) -> tuple[Route, ...]:
    if group.main.framework is Framework.DJANGO:
        return group.main.routes
    routes = codebase.routes.collect(reachable, group.main.root)
    documents = _specifications(codebase, group, reachable)
    return (*routes, *(route for document in documents for route in document.routes))


def _entry_points(modules: OwnModules, group: Group) -> list[str]:
    """Return the modules that the manifest names as scripts or plug-ins of the package."""
    if group.manifest is None or name_of(group.manifest.path) != "pyproject.toml":
        return []
    project = table(read_toml(modules.tree, group.manifest.path), "project")
    named = [*table(project, "scripts").values()]
    for values in table(project, "entry-points").values():
        named += table(values).values()
    found = []
    for text in named:
        if isinstance(text, str):
            path = modules.at(group.main.root, text.partition(":")[0].strip())
            if path is not None:
                found.append(path)
    return found


def _service(
    codebase: Codebase, group: Group, reachable: frozenset[str], roles: dict[str, Role]
) -> Service:
    modules, tree, main = codebase.modules, codebase.tree, group.main
    folder, package = package_of(main.root, main.path)
    parsed = [tree.module(path) for path in _reading_order(main, reachable)]
    libraries = imported(parsed, [*DRIVERS, *MAPPERS, *HTTP_CLIENTS, *LLM_CLIENTS])
    libraries = foreign_only(modules, main.root, libraries)
    drivers = [item for item in libraries if item.value in DRIVERS or item.value in MAPPERS]
    folders = list(dict.fromkeys([*upwards(main.root), *upwards(group.root)]))
    evidence = python_evidence(
        tree,
        [f for f in folders if is_inside(f, group.root) or not manifests_in(codebase.listing, f)],
        codebase.deployment,
        dockerfiles_of(group, codebase.deployment),
    )
    syntax = syntax_evidence(parsed)
    python = choose_python(evidence) or syntax
    starts = _starts(group)
    return Service(
        root=group.root,
        framework=main.framework,
        apps=tuple(describe(item, main.root, item.reason) for item in group.candidates),
        import_root=main.root,
        package_folder=folder,
        package=package,
        manifest=group.manifest,
        entry_command=_command(starts[0]) if starts else None,
        python=python,
        databases=_databases(codebase, group, parsed, drivers),
        drivers=tuple(drivers),
        http_clients=tuple(item for item in libraries if item.value in HTTP_CLIENTS),
        llm_clients=tuple(item for item in libraries if item.value in LLM_CLIENTS),
        routes=_routes(codebase, group, reachable),
        reachable=reachable,
        roles=below_root(roles, group.root),
        port=_port(tree, group, starts),
        start_file=main.launches[0].place if main.launches else None,
        entry_commands=tuple(_command(start) for start in starts),
        python_evidence=(*evidence, *([syntax] if syntax is not None else [])),
    )


def _beside(
    codebase: Codebase, group: Group, candidate: Candidate, roles: Mapping[str, Role]
) -> Service:
    """Return an app that is started beside a service, as if it were one."""
    is_below = is_inside(candidate.path, group.root)
    alone = Group(group.root if is_below else candidate.root, group.manifest, [candidate])
    reached = codebase.graphs.of(candidate.root).reachable(candidate.entry_paths())
    own = {
        path: Role.APP if path in reached else Role.SCRIPT
        for path, role in roles.items()
        if role in {Role.APP, Role.SCRIPT}
    }
    return _service(codebase, alone, reached, {**roles, **own})


def _databases(
    codebase: Codebase, group: Group, parsed: list[Module], drivers: list[Fact]
) -> tuple[Fact, ...]:
    facts = databases_in_code(parsed, drivers)
    if any(driver.value in MAPPERS for driver in drivers):
        facts += databases_around(
            codebase.listing,
            group.manifest,
            environment_folders(group.root, group.main.root),
            _compose_files(codebase.tree, group),
        )
    return first_of_each(facts)


def _reading_order(main: Candidate, reachable: Iterable[str]) -> list[str]:
    return sorted(reachable, key=lambda path: (path != main.path, path))


def _starts(group: Group) -> list[Start]:
    found = [start for start in group.main.starts if start.command.server != "celery"]
    return sorted(found, key=lambda start: -start.strength)


def _command(start: Start) -> Fact:
    return Fact(" ".join(start.command.text.split()), start.place, start.reason)


def _compose_files(tree: Tree, group: Group) -> list[str]:
    folders = {*upwards(group.root)}
    return [path for path in infrastructure.compose_files(tree) if folder_of(path) in folders]


def _port(tree: Tree, group: Group, starts: list[Start]) -> Fact | None:
    for start in starts:
        if start.port is not None and start.strength > 1:
            return Fact(str(start.port), start.place, start.reason)
    for launch in group.main.launches:
        if launch.port is not None:
            return Fact(str(launch.port), launch.place, "call that starts the server")
    path = join(group.root, "fly.toml")
    port = table(read_toml(tree, path), "http_service").get("internal_port")
    if isinstance(port, int):
        return Fact(
            str(port), Place(path, line_of(text_of(tree, path), "internal_port")), "fly.toml"
        )
    for start in starts:
        if start.port is not None:
            return Fact(str(start.port), start.place, start.reason)
    return None
