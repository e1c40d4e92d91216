"""Files that say how a service is started without building an image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from buttress.project.commands import split_words
from buttress.project.dockerfile import command_words
from buttress.project.documents import line_of, read_json, read_toml, read_yaml, table, text_of
from buttress.project.folders import folder_of, join, name_of, normalized
from buttress.project.model import Place
from buttress.project.starts import (
    DEPLOYED,
    MANAGED,
    SCRIPTED,
    WRITTEN,
    Evidence,
    Resolver,
    Start,
    folder_world,
    logical_lines,
    manifest_scripts,
)
from buttress.source.patterns import lazy_pattern

_SERVER_LINE = lazy_pattern(
    r"\b(?:uvicorn|gunicorn|hypercorn|granian|daphne|waitress-serve|streamlit run"
    r"|flask (?:--?\w+[ =]\S+ )*run|fastapi (?:run|dev)"
    r"|python3? (?!-m (?:pip|venv|pytest|unittest))\S)"
)
_LONGEST_LINE = 400
_TARGET_TEXT = lazy_pattern(r"[\"']([A-Za-z_][\w.]*:[A-Za-z_]\w*(?: [^\"'\n]*)?)[\"']")


class StartFiles:
    """Reads the start commands of single files; one method per kind of file.

    Args:
        resolver: Finds the files that commands name.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.tree = resolver.tree
        self._readers = {
            "procfile": self._procfile,
            "fly.toml": self._fly,
            "railway.json": self._railway,
            "railway.toml": self._railway,
            "nixpacks.toml": self._railway,
            "render.yaml": self._render,
            "app.yaml": self._app_engine,
            ".replit": self._replit,
            "vercel.json": self._vercel,
            "package.json": self._package_json,
            "pyproject.toml": self._pyproject,
            "pipfile": self._pyproject,
            "makefile": self._makefile,
            "readme.md": self._readme,
            "readme.rst": self._readme,
            "readme.txt": self._readme,
            "readme": self._readme,
        }

    def starts(self, path: str) -> Iterator[Start]:
        """Yield what a file starts; nothing for a file of no known kind."""
        reader = self._readers.get(name_of(path).lower()) or self._by_ending(path)
        if reader is not None:
            yield from reader(path)

    def _by_ending(self, path: str) -> Callable[[str], Iterator[Start]] | None:
        name = name_of(path).lower()
        if name.endswith(".sh"):
            return self._shell
        if name.startswith(("ecosystem.config.", "pm2.config.", "process.json")):
            return self._pm2
        supervised = "supervisor" in path and name.endswith(".conf")
        return self._unit if supervised or name.endswith(".service") else None

    def _flaskenv(self, folder: str) -> dict[str, str]:
        text = text_of(self.tree, join(folder, ".flaskenv"))
        pairs = (line.partition("=") for line in text.splitlines())
        return {
            name.removeprefix("export ").strip(): value.strip().strip("\"'")
            for name, _, value in pairs
            if "FLASK_APP" in name
        }

    def _procfile(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), self._flaskenv(folder_of(path)))
        for number, line in logical_lines(text_of(self.tree, path)):
            kind, _, text = line.partition(":")
            if kind.strip() != "release":
                evidence = Evidence(Place(path, number), "Procfile", DEPLOYED)
                yield from self.resolver.aliased(split_words(text), world, evidence)

    def _texts(self, path: str, texts: Iterator[str] | list[str], reason: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        whole = text_of(self.tree, path)
        for text in texts:
            line = line_of(whole, text.strip().partition("\n")[0][:40])
            yield from self.resolver.starts(
                text, world, Evidence(Place(path, line), reason, DEPLOYED)
            )

    def _fly(self, path: str) -> Iterator[Start]:
        data = read_toml(self.tree, path)
        texts = [str(text) for text in table(data, "processes").values()]
        yield from self._texts(path, texts, "fly.toml")

    def _railway(self, path: str) -> Iterator[Start]:
        data = read_json(self.tree, path) if path.endswith("json") else read_toml(self.tree, path)
        texts = [table(data, "deploy").get("startCommand"), table(data, "start").get("cmd")]
        yield from self._texts(
            path, [text for text in texts if isinstance(text, str)], name_of(path)
        )

    def _render(self, path: str) -> Iterator[Start]:
        data = read_yaml(self.tree, path)
        whole = text_of(self.tree, path)
        services = data.get("services")
        for service in services if isinstance(services, list) else []:
            text = service.get("startCommand") if isinstance(service, Mapping) else None
            if isinstance(text, str):
                folder = normalized(folder_of(path), str(service.get("rootDir") or "."))
                world = folder_world(self.tree, folder or "")
                place = Place(path, line_of(whole, "startCommand", text[:30]))
                evidence = Evidence(place, "render.yaml", DEPLOYED)
                yield from self.resolver.starts(text, world, evidence)

    def _app_engine(self, path: str) -> Iterator[Start]:
        text = read_yaml(self.tree, path).get("entrypoint")
        yield from self._texts(path, [text] if isinstance(text, str) else [], "app.yaml")

    def _replit(self, path: str) -> Iterator[Start]:
        data = read_toml(self.tree, path)
        for run in (table(data, "deployment").get("run"), data.get("run")):
            words = command_words(run)
            if words:
                world = folder_world(self.tree, folder_of(path))
                place = Place(path, line_of(text_of(self.tree, path), "run", words[0]))
                evidence = Evidence(place, ".replit", DEPLOYED)
                yield from self.resolver.starts(" ".join(words), world, evidence, words)

    def _vercel(self, path: str) -> Iterator[Start]:
        data = read_json(self.tree, path)
        sources = [
            item.get("src")
            for item in (data.get("builds") if isinstance(data.get("builds"), list) else []) or []
            if isinstance(item, Mapping)
        ]
        texts = [f"python {src}" for src in sources if isinstance(src, str) and src.endswith(".py")]
        world = folder_world(self.tree, folder_of(path))
        for text in texts:
            place = Place(path, line_of(text_of(self.tree, path), text.removeprefix("python ")))
            evidence = Evidence(place, "vercel.json", DEPLOYED)
            yield from self.resolver.starts(text, world, evidence)

    # -- process managers, scripts, prose ------------------------------------------------------

    def _pm2(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), or_above=True)
        text = text_of(self.tree, path)
        for match in _TARGET_TEXT.finditer(text):
            place = Place(path, text.count("\n", 0, match.start()) + 1)
            evidence = Evidence(place, name_of(path), MANAGED)
            yield from self.resolver.starts(match[1], world, evidence)

    def _unit(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path), or_above=True)
        for number, line in logical_lines(text_of(self.tree, path)):
            key, _, text = line.partition("=")
            if key.strip() in {"ExecStart", "command"}:
                evidence = Evidence(Place(path, number), name_of(path), MANAGED)
                yield from self.resolver.starts(text, world, evidence)

    def _package_json(self, path: str) -> Iterator[Start]:
        scripts = table(read_json(self.tree, path), "scripts")
        whole = text_of(self.tree, path)
        world = folder_world(self.tree, folder_of(path))
        for name, text in scripts.items():
            if isinstance(text, str) and _SERVER_LINE.search(text):
                place = Place(path, line_of(whole, '"scripts"', f'"{name}"'))
                evidence = Evidence(place, "package.json script", SCRIPTED)
                yield from self.resolver.starts(text, world, evidence)

    def _pyproject(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        whole = text_of(self.tree, path)
        for name, text in manifest_scripts(self.tree, path):
            if _SERVER_LINE.search(text):
                place = Place(path, line_of(whole, text[:40]))
                evidence = Evidence(place, f"script {name}", SCRIPTED)
                yield from self.resolver.starts(text, world, evidence)

    def _shell(self, path: str) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        evidence = Evidence(Place(path), name_of(path), SCRIPTED)
        for start in self.resolver.script(path, world, evidence):
            if start.command.is_web_server:
                yield start

    def _makefile(self, path: str) -> Iterator[Start]:
        yield from self._server_lines(path, "Makefile", SCRIPTED)

    def _readme(self, path: str) -> Iterator[Start]:
        yield from self._server_lines(path, "README", WRITTEN)

    def _server_lines(self, path: str, reason: str, strength: int) -> Iterator[Start]:
        world = folder_world(self.tree, folder_of(path))
        for number, line in enumerate(text_of(self.tree, path).splitlines(), 1):
            match = _SERVER_LINE.search(line) if len(line) < _LONGEST_LINE else None
            if match is None:
                continue
            before = re.search(r"\bcd \S+ *(?:&&|;)", line[: match.start()])
            text = line[before.start() if before else match.start() :].partition("`")[0]
            evidence = Evidence(Place(path, number), reason, strength)
            for start in self.resolver.starts(text, world, evidence):
                if start.path is not None:
                    yield start


PLATFORM_FILES = frozenset(
    [
        "procfile",
        "fly.toml",
        "railway.json",
        "railway.toml",
        "nixpacks.toml",
        "render.yaml",
        "app.yaml",
        ".replit",
        "vercel.json",
        "heroku.yml",
        "netlify.toml",
        "serverless.yml",
        "zappa_settings.json",
        "apprunner.yaml",
    ]
)
"""Lower-case names of files that a platform reads to start services."""
