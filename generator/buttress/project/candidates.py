"""Candidates for a service: app objects with all that speaks for and against each."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from buttress.project.app_names import Alias, AppNames, name_apps
from buttress.project.apps import FoundApp, find_apps
from buttress.project.codebase import Codebase
from buttress.project.folders import folder_of, name_of
from buttress.project.launches import Launch, find_launches, find_mounts
from buttress.project.model import AppObject, Framework, Place, Route
from buttress.project.modules import OwnModules, dotted_name
from buttress.project.roles import is_test
from buttress.project.starts import SCRIPTED, Start
from buttress.source.patterns import lazy_pattern

_EXAMPLES = frozenset(
    [
        "example",
        "examples",
        "sample",
        "samples",
        "demo",
        "demos",
        "docs",
        "doc",
        "tutorial",
        "tutorials",
        "playground",
        "snippets",
        "exercises",
        "archive",
        "old",
        "backup",
        "deprecated",
    ]
)
_CHORE = lazy_pattern(
    r"(?:seed|init|migrat|create|populate|import|export|reset|clear|drop|update|fix|check|debug"
    r"|worker|celery|task|cron|script|shell|generate|load|backup|add_|delete|setup|cli)"
)


@dataclass
class Candidate:
    """An app object and what is known about it before services are formed.

    Attributes:
        path: The file that makes it.
        framework: What it is an object of.
        place: Where.
        app: The call; ``None`` for Django and Streamlit, which have none.
        root: The import root that its imports imply.
        starts: Commands that start it, strongest first.
        launches: Calls that start it.
        aliases: Other names for it.
        reachable: Files it imports.
        routes: What it answers, read only where several candidates compete.
        parent: The candidate it is mounted in.
        completed: The name of the object in the file that starts it and first gives it its routes.
        extra_starts: Further files that are loaded with it (Django).
        weight: How likely it is what gets deployed.
        reason: Why.
        name: The variable that holds the object.
    """

    path: str
    framework: Framework
    place: Place
    app: FoundApp | None = None
    root: str = ""
    starts: list[Start] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    reachable: frozenset[str] = frozenset()
    routes: tuple[Route, ...] = ()
    parent: Candidate | None = None
    completed: Alias | None = None
    extra_starts: tuple[str, ...] = ()
    weight: float = 0
    reason: str = ""
    name: str = ""

    @property
    def strength(self) -> int:
        """How strongly a command names it."""
        return max((start.strength for start in self.starts), default=0)

    @property
    def is_started(self) -> bool:
        """Whether it starts itself when its file is run, or a script, an image or a platform starts it."""
        return bool(self.launches) or self.strength >= SCRIPTED

    def entry_paths(self) -> tuple[str, ...]:
        """Return the files that are run or served to start it."""
        found = [self.path, *self.extra_starts]
        found += [start.path for start in self.starts if start.path and start.strength >= SCRIPTED]
        found += [launch.path for launch in self.launches]
        found += [alias.path for alias in self.aliases if _is_serving(alias)]
        return tuple(dict.fromkeys(found))


@dataclass
class Survey:
    """What was found in a tree.

    Attributes:
        candidates: App objects that may be deployed.
        set_aside: App objects that are none, each with its reason.
        processes: Commands that start something else (workers, schedulers).
    """

    candidates: list[Candidate] = field(default_factory=list)
    set_aside: list[AppObject] = field(default_factory=list)
    processes: list[Start] = field(default_factory=list)


def _is_serving(alias: Alias) -> bool:
    """Whether a name that holds the app looks like what a server is pointed at."""
    stem = name_of(alias.path).removesuffix(".py").lower()
    if "scripts" in folder_of(alias.path).split("/"):
        return False
    if alias.is_call:
        return _CHORE.match(stem) is None
    return stem in {"main", "app", "wsgi", "asgi", "server", "index", "run", "application", "api"}


def survey(codebase: Codebase) -> Survey:
    """Find all app objects of FastAPI, Flask and Starlette, and weigh them."""
    modules = codebase.modules
    apps = find_apps(modules)
    names = name_apps(modules, apps)
    launches = [
        launch
        for launch in find_launches(modules, names, apps)
        if not is_test(modules.tree, launch.path)
    ]
    mounts = find_mounts(modules, names, apps)
    started = _started(names, apps, launches, codebase.deployment.starts)
    naming = {id(start) for starts in started.values() for start in starts}
    found = Survey(processes=[s for s in codebase.deployment.starts if id(s) not in naming])
    by_app: dict[FoundApp, Candidate] = {}
    for app in apps:
        candidate = Candidate(app.path, app.framework, app.place, app, name=app.name)
        candidate.starts = started.get(app, [])
        candidate.launches = [launch for launch in launches if launch.app is app]
        candidate.aliases = [
            alias for alias in names.aliases_of(app) if not is_test(modules.tree, alias.path)
        ]
        hint = next((start.root for start in candidate.starts if start.root is not None), None)
        candidate.root = codebase.graphs.import_root(app.path, hint)
        reason = "" if app in mounts else _dismissal(modules, candidate, app)
        if reason:
            found.set_aside.append(describe(candidate, candidate.root, reason))
        else:
            by_app[app] = candidate
            found.candidates.append(candidate)
    for app, parent in mounts.items():
        if app in by_app and parent in by_app:
            by_app[app].parent = by_app[parent]
    _set_scripts_aside(modules, found)
    several = sum(candidate.parent is None for candidate in found.candidates) > 1
    for candidate in found.candidates:
        graph = codebase.graphs.of(candidate.root)
        candidate.reachable = graph.reachable([candidate.path])
        candidate.completed = _completed(codebase, candidate)
        if several and candidate.parent is None:
            candidate.routes = codebase.routes.collect(candidate.reachable, candidate.root)
        weigh(candidate)
    return found


def _set_scripts_aside(modules: OwnModules, found: Survey) -> None:
    """Take out apps that a script makes for itself, where there are others: nothing serves them."""
    scripts = [c for c in found.candidates if _is_of_script(modules, c)]
    if len(scripts) == len(found.candidates):
        return
    for candidate in scripts:
        found.candidates.remove(candidate)
        reason = "made only where the file is run as a script, and never served"
        found.set_aside.append(describe(candidate, candidate.root, reason))


def _is_of_script(modules: OwnModules, candidate: Candidate) -> bool:
    if candidate.launches or candidate.strength >= SCRIPTED or candidate.app is None:
        return False
    place = candidate.app.place
    return any(
        isinstance(statement, ast.If)
        and statement.lineno < place.line <= (statement.end_lineno or 0)
        and "__main__" in ast.unparse(statement.test)
        for statement in modules.tree.module(candidate.path).tree.body
    )


def _completed(codebase: Codebase, candidate: Candidate) -> Alias | None:
    """Return the app's name in the file that starts it, if only from there all routes are known.

    The module that makes the app does not import that file; a server that is pointed at the
    module would serve an app without what the file registers.
    """
    app = candidate.app
    if app is None or not app.is_top_level:
        return None
    graph = codebase.graphs.of(candidate.root)
    for launch in candidate.launches:
        alias = next(
            (a for a in candidate.aliases if a.path == launch.path and not a.is_call), None
        )
        if alias is None or launch.path in candidate.reachable or launch.function:
            continue
        whole = graph.reachable([launch.path])
        routes = codebase.routes.collect(whole, candidate.root)
        if len(routes) > len(codebase.routes.collect(candidate.reachable, candidate.root)):
            return alias
    return None


def _dismissal(modules: OwnModules, candidate: Candidate, app: FoundApp) -> str:
    """Return why an app object is no candidate, or nothing if it is one."""
    named = candidate.strength >= SCRIPTED
    test = is_test(modules.tree, app.path)
    if test and not named and not candidate.aliases:
        return f"in a test ({test})"
    if app.function and not app.returned and not candidate.launches and not candidate.aliases:
        return f"made inside {app.function}() and never returned or served"
    if app.is_top_level and not app.name and not named:
        return "held by no name"
    parts = [part for part in folder_of(app.path).split("/") if part]
    strange = next((p for p in parts if p.startswith(".") or p.lower() in _EXAMPLES), None)
    if strange is not None and not named:
        return f"in the folder {strange}, and nothing starts it"
    return ""


def weigh(candidate: Candidate) -> None:
    """Set how likely a candidate is the deployed one, and say why."""
    weight = candidate.strength * 20.0
    reasons: list[str] = []
    if candidate.starts:
        best = candidate.starts[0]
        reasons.append(f"named by {best.reason} ({best.place})")
    if candidate.launches:
        weight += 15
        reasons.append(f"started in {candidate.launches[0].place}")
    if any(alias.is_call for alias in candidate.aliases):
        weight += 5
    weight += min(len(candidate.routes), 30)
    if candidate.routes:
        reasons.append(f"{len(candidate.routes)} route{'s' if len(candidate.routes) > 1 else ''}")
    if candidate.parent is not None:
        weight -= 500
        reasons = [f"mounted in {candidate.parent.name}"]
    weight -= 2 * candidate.path.count("/")
    candidate.weight = weight
    candidate.reason = ", ".join(reasons) or "the only app object"


def _started(
    names: AppNames,
    apps: Sequence[FoundApp],
    launches: Sequence[Launch],
    starts: Iterable[Start],
) -> dict[FoundApp, list[Start]]:
    found: dict[FoundApp, list[Start]] = {}
    for start in starts:
        app = _app_started(names, apps, launches, start)
        if app is not None:
            found.setdefault(app, []).append(start)
    return found


def _app_started(
    names: AppNames, apps: Sequence[FoundApp], launches: Sequence[Launch], start: Start
) -> FoundApp | None:
    if start.path is None:
        return None
    command = start.command
    if command.attribute is not None:
        return names.at(start.path, command.attribute)
    served = [launch.app for launch in launches if launch.path == start.path]
    if served:
        return served[0]
    for name in ("app", "application", "create_app", "make_app"):
        app = names.at(start.path, name)
        if app is not None:
            return app
    made = [app for app in apps if app.path == start.path and app.is_top_level]
    if made:
        return made[0]
    return next((a.app for a in names.aliases if a.path == start.path), None)


def describe(candidate: Candidate, root: str, reason: str) -> AppObject:
    """Return a candidate as a fact of the model, seen from an import root."""
    app = candidate.app
    module = dotted_name(candidate.path, root)
    if app is None:
        return AppObject(
            candidate.name, candidate.framework, candidate.place, module, reason=reason
        )
    instance, outer = _instance(candidate, app, root)
    held = app.function and not app.returned
    return AppObject(
        # what wraps the object is no app of the framework: it has no `add_middleware`
        name="" if app.wrapped else app.name,
        framework=app.framework,
        place=app.place,
        module=module,
        factory=app.function if app.returned else None,
        factory_arguments=app.factory_arguments,
        instance=instance,
        outer_factory=outer,
        function=app.function if held else None,
        via=app.via,
        reason=f"{reason}, wrapped where it is made" if app.wrapped else reason,
    )


def _instance(candidate: Candidate, app: FoundApp, root: str) -> tuple[str | None, str | None]:
    """Return the name that holds the object and the outer factory, as a server is told them."""
    for start in candidate.starts:
        name, path = start.command.attribute, start.path
        if path is None or name is None or start.strength < SCRIPTED:
            continue
        if (path, name) in {(app.path, app.name), (app.path, app.function)} and not app.wrapped:
            return None, None
        target = f"{dotted_name(path, root)}:{name}"
        if app.wrapped or any((a.path, a.name) == (path, name) for a in candidate.aliases):
            return target, None
        return None, target
    if app.wrapped and app.is_top_level and app.name:
        return f"{dotted_name(app.path, root)}:{app.name}", None
    if candidate.completed is not None:
        alias = candidate.completed
        return f"{dotted_name(alias.path, root)}:{alias.name}", None
    if not app.function:
        return None, None
    serving = [alias for alias in candidate.aliases if alias.is_call and _is_serving(alias)]
    launched = {launch.path for launch in candidate.launches}
    serving.sort(
        key=lambda alias: (
            alias.path != app.path,
            name_of(alias.path) not in {"wsgi.py", "asgi.py", "app.py", "main.py"},
            alias.path not in launched,
            alias.path.count("/"),
            alias.path,
        )
    )
    if serving:
        return f"{dotted_name(serving[0].path, root)}:{serving[0].name}", None
    return None, None


def route_overlap(one: Candidate, other: Candidate) -> float:
    """Return the share of one app's routes that the other one answers by the same name."""
    mine = {(r.methods, r.path, r.handler) for r in _telling(one)}
    theirs = {(r.methods, r.path, r.handler) for r in _telling(other)}
    return len(mine & theirs) / len(mine) if len(mine) > 1 else 0.0


def handler_overlap(one: Candidate, other: Candidate) -> float:
    """Return the share of one app's routes that are answered by the very code of the other one."""
    mine = {(r.place, r.handler) for r in _telling(one)}
    theirs = {(r.place, r.handler) for r in _telling(other)}
    return len(mine & theirs) / len(mine) if mine else 0.0


def _telling(candidate: Candidate) -> list[Route]:
    trivial = {"/", "", "/health", "/healthz", "/api/health", "/ping", "/docs"}
    return [route for route in candidate.routes if route.path not in trivial]


def module_overlap(one: Candidate, other: Candidate) -> float:
    """Return the share of the modules that one app imports which belong to the other one."""
    mine = {p for p in one.reachable if name_of(p) != "__init__.py"} - {one.path, other.path}
    return len(mine & other.reachable) / len(mine) if len(mine) > 1 else 0.0


def strongest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates, the likeliest first."""
    return sorted(candidates, key=lambda item: (-item.weight, item.path, item.place.line))
