"""What is worked out once, for each file and for each service of each tree."""

from __future__ import annotations

import gc
import weakref

from buttress.analysis.once import once_for_module, once_for_service
from buttress.project import inspect_project
from buttress.project.model import Project, Service
from buttress.source import Module, Tree

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


def test_a_function_is_asked_once_for_each_module() -> None:
    asked: list[str] = []

    @once_for_module
    def length(module: Module) -> int:
        asked.append(module.path)
        return len(module.text)

    tree = Tree.of({"one.py": "x", "two.py": "xy"})

    assert [length(tree.module(path)) for path in ("one.py", "two.py", "one.py")] == [1, 2, 1]
    assert asked == ["one.py", "two.py"]


def test_a_function_is_asked_once_for_each_service_of_each_tree() -> None:
    asked: list[str] = []

    @once_for_service
    def root(project: Project, service: Service, suffix: str) -> str:
        asked.append(service.root)
        return service.root + suffix

    files = {"shop/app.py": FLASK, "shop/requirements.txt": "flask\n"}
    files |= {path.replace("shop", "blog"): text for path, text in files.items()}
    first, again = inspect_project(Tree.of(files)), inspect_project(Tree.of(files))

    for project in (first, first, again):
        found = {root(project, service, "/") for service in project.services}
        assert found == {"shop/", "blog/"}
    assert sorted(asked) == ["blog", "blog", "shop", "shop"]


def test_what_is_kept_goes_with_its_tree() -> None:
    @once_for_module
    def itself(module: Module) -> Module:
        return module

    tree = Tree.of({"one.py": "x"})
    itself(tree.module("one.py"))
    gone = weakref.ref(tree.module("one.py"))

    del tree
    gc.collect()

    assert gone() is None
