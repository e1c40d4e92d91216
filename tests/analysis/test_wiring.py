"""Wired is what runs when the app is imported or serves, not what only stands there."""

import pytest
from tests.rewrites.cases import service_of

from buttress.analysis.wiring import Wiring
from buttress.project.modules import OwnModules
from buttress.source import Draft, Tree


def runs(source: str, name: str = "lib.setup", **others: str) -> bool:
    files = {"main.py": source, **{f"{other}.py": text for other, text in others.items()}}
    draft = Draft(Tree.of(dict(files)))
    _, service = service_of(draft)
    wiring = Wiring(draft.modules(), OwnModules(draft), service)
    return any(True for _ in wiring.calls(name))


@pytest.mark.parametrize(
    "source",
    [
        "import lib\nlib.setup()\n",
        "from lib import setup\nif DEBUG:\n    setup()\n",
        "import lib\ndef f():\n    lib.setup()\nf()\n",
        "import lib\ndef f():\n    lib.setup()\ndef g():\n    f()\ng()\n",
        "import lib\ndef f():\n    lib.setup()\nrun(callback=f)\n",
        "import lib\n@app.get('/')\ndef f():\n    lib.setup()\n",
        "import lib\nclass A:\n    def __init__(self):\n        lib.setup()\nA()\n",
        "import lib\nclass A:\n    def __init__(self):\n        lib.setup()\nclass B(A): ...\nB()\n",
    ],
)
def test_what_is_reached_runs(source: str) -> None:
    assert runs(source)


@pytest.mark.parametrize(
    "source",
    [
        "import lib\n",
        "import lib\nlib.setup\n",
        "import lib\ndef f():\n    lib.setup()\n",
        "import lib\ndef f():\n    lib.setup()\n    f()\n",
        "import lib\nclass A:\n    def __init__(self):\n        lib.setup()\n",
        "def setup(): ...\nsetup()\n",
    ],
)
def test_what_only_stands_there_does_not(source: str) -> None:
    assert not runs(source)


def test_uses_are_followed_through_modules() -> None:
    other = "import lib\ndef install():\n    lib.setup()\n"

    assert runs("from other import install\ninstall()\n", other=other)
    assert runs("import other\nother.install()\n", other=other)
    assert not runs("import other\nfrom other import install\n", other=other)


def test_names_may_be_ends_or_packages() -> None:
    source = "import a.b\na.b.make.it()\n"

    assert runs(source, "a.*")
    assert runs(source, "*.it")
    assert not runs(source, "a.b.make")
