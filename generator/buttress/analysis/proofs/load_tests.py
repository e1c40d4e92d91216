"""Load tests: scripts of locust, k6, Artillery, Gatling and JMeter, what they call and what fails them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.delivery.workflows import Pipeline
from buttress.project.documents import line_of, read_yaml, table, text_of
from buttress.project.model import Place, Project, Route
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_USERS = frozenset({"locust.HttpUser", "locust.FastHttpUser", "locust.contrib.fasthttp.FastHttpUser", "locust.user.HttpUser"})  # fmt: skip
_LOCUST_LIMIT = lazy_pattern(r"process_exit_code|fail_ratio|get_response_time_percentile|avg_response_time|--check-")  # fmt: skip
_LOCUST_COMMAND = lazy_pattern(r"locust\s.*--check-(?:rps|fail-ratio|avg-response-time)")
_K6 = lazy_pattern(r"from\s+['\"]k6/http['\"]|require\(['\"]k6/http['\"]\)")
_K6_THRESHOLD = lazy_pattern(r"thresholds\s*:\s*\{\s*['\"]?\w{1,60}['\"]?\s*:\s*[\[\"']")
_GATLING = lazy_pattern(r"\bsetUp\s*\([\s\S]{0,4000}\.assertions\s*\(")
_URL = lazy_pattern(r"[\"'`](?:\$\{[^}]{0,80}\}|https?://[^/\"'`\s]+)?(/[^\"'`?\s]*)")
_HINTS = {
    "py": "locust", "js": "k6/http", "ts": "k6/http", "mjs": "k6/http", "yml": "scenarios", "yaml": "scenarios",
    "jmx": "jmeterTestPlan", "scala": "gatling", "java": "gatling", "kt": "gatling",
}  # fmt: skip
"""What stands in each load test, by how its file's name ends."""

_PARAMETER = lazy_pattern(r"\{[^}]*\}|<[^>]*>")


@dataclass(frozen=True, slots=True)
class LoadTest:
    """A script that puts the app under load.

    Attributes:
        place: Where it stands.
        calls_app: Whether it requests a route that the app has.
        has_limit: Whether anything makes it fail: a rate of errors, a time.
    """

    place: Place
    calls_app: bool
    has_limit: bool


def load_tests(
    project: Project, routes: Iterable[Route], pipelines: Iterable[Pipeline]
) -> Iterator[LoadTest]:
    """Yield the load tests of a project."""
    tree = project.tree
    limited = any(
        _LOCUST_COMMAND.search(command.text)
        for pipeline in pipelines
        for command in pipeline.commands
    )
    known = list(routes)
    for path in tree.paths:
        hint = _HINTS.get(path.rpartition(".")[2])
        text = text_of(tree, path) if hint is not None else ""
        if hint is None or hint not in text:
            continue
        if path.endswith(".py"):
            module = tree.module(path)
            if _simulates_users(module):
                has_limit = limited or bool(_LOCUST_LIMIT.search(text))
                yield LoadTest(Place(path), _calls(_strings(module), known), has_limit)
        elif path.endswith((".js", ".ts", ".mjs")):
            if _K6.search(text):
                place = Place(path, line_of(text, "k6/http"))
                yield LoadTest(place, _calls(_URL.findall(text), known), bool(_K6_THRESHOLD.search(text)))  # fmt: skip
        elif path.endswith((".yml", ".yaml")):
            data = read_yaml(tree, path)
            configuration = table(data, "config")
            if configuration.get("target") and data.get("scenarios"):
                has_limit = bool(configuration.get("ensure")) or "ensure" in table(configuration, "plugins")  # fmt: skip
                urls = re.findall(r"url:\s*[\"']?(/[^\"'\s?]*)", text)
                yield LoadTest(Place(path, line_of(text, "scenarios:")), _calls(urls, known), has_limit)  # fmt: skip
        elif path.endswith(".jmx"):
            paths = re.findall(r"HTTPSampler\.path\">([^<]+)<", text)
            yield LoadTest(Place(path), _calls(paths, known), "Assertion" in text)
        else:
            yield LoadTest(Place(path), _calls(_URL.findall(text), known), bool(_GATLING.search(text)))  # fmt: skip


def _simulates_users(module: Module) -> bool:
    users = [
        owner
        for owner in module.nodes(ast.ClassDef)
        if any(module.resolve(base) in _USERS for base in owner.bases)
    ]
    calls = any(
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr == "client"
        for call in module.nodes(ast.Call)
    )
    return bool(users) and calls


def _strings(module: Module) -> Iterator[str]:
    for node in module.nodes(ast.Constant):
        if isinstance(node.value, str) and node.value.startswith("/"):
            yield node.value.partition("?")[0]


def _calls(urls: Iterable[str], routes: list[Route]) -> bool:
    """Whether any address begins as a route of the app does, up to its first parameter."""
    if not routes or not all(route.is_complete for route in routes):
        return any(True for _ in urls)
    starts = {_PARAMETER.split(route.path)[0].rstrip("/") for route in routes}
    return any(url.rstrip("/") in starts or any(start and url.startswith(start + "/") for start in starts) for url in urls)  # fmt: skip
