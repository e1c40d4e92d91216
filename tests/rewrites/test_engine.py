"""The engine makes the changes that hold up, drops the others, and counts every place once."""

import ast
from collections.abc import Iterator

import pytest

from buttress.project.model import Role
from buttress.rewrites.engine import Outcomes, run, settle
from buttress.rewrites.outcomes import Abstained, Changed, Good, Outcome, Safety
from buttress.rewrites.registry import Context, NodeRewrite, Rewrite, rewrites
from buttress.source import Draft, Edit, Module, Tree
from buttress.source.imports import Import
from tests.rewrites.cases import service_of


def rewriting(function: NodeRewrite, *nodes: type[ast.AST], name: str = "toy") -> Rewrite:
    return Rewrite(name, nodes, (), function, "")


def changed(module: Module, node: ast.expr, text: str, *imports: Import) -> Changed:
    edit = Edit(*module.span(node), text)
    return Changed(module.path, node.lineno, (edit,), Safety.SAFE, "because", imports)


def ran(
    files: dict[str, str | bytes], *wanted: Rewrite, review: bool = False
) -> tuple[Draft, Outcomes]:
    draft = Draft(Tree.of(files))
    return draft, run(wanted, draft, service_of, review=review)


def old_to_new(node: ast.Name, module: Module, _: Context) -> Iterator[Outcome]:
    if node.id == "old":
        yield changed(module, node, "new")
    elif node.id == "new":
        yield Good(module.path, node.lineno)
    elif node.id == "odd":
        yield Abstained(module.path, node.lineno, "odd", "it is odd")


OLD_TO_NEW = rewriting(old_to_new, ast.Name)


def test_every_place_is_counted_once() -> None:
    draft, outcomes = ran({"main.py": "new = odd = 1\nx = old\ny = old\n"}, OLD_TO_NEW)

    assert draft.read("main.py") == b"new = odd = 1\nx = new\ny = new\n"
    assert len(outcomes.changed) == 2
    assert outcomes.good == 1
    assert [(item.rewrite, item.code, item.line) for item in outcomes.abstained] == [
        ("toy", "odd", 1)
    ]


def test_a_change_says_who_made_it_where_and_why() -> None:
    _, outcomes = ran({"main.py": "new = 1\nx = old\n"}, OLD_TO_NEW)

    (made,) = outcomes.changed
    assert (made.path, made.line, made.rewrite, made.safety, made.reason) == (
        "main.py",
        2,
        "toy",
        "safe",
        "because",
    )


def test_a_change_that_breaks_a_file_is_dropped_and_the_others_stand() -> None:
    def rename(node: ast.Name, module: Module, _: Context) -> Iterator[Outcome]:
        if node.id.startswith("old"):
            yield changed(module, node, "new")

    source = "new = 1\na = old1\nb = old2\n"

    def spoiled(node: ast.Name, module: Module, context: Context) -> Iterator[Outcome]:
        for outcome in rename(node, module, context):
            assert isinstance(outcome, Changed)
            yield changed(module, node, "(") if node.id == "old1" else outcome

    draft, outcomes = ran({"main.py": source}, rewriting(spoiled, ast.Name))

    assert draft.read("main.py") == b"new = 1\na = old1\nb = new\n"
    (dropped,) = outcomes.abstained
    assert (dropped.line, dropped.code) == (2, "disproved")
    assert "would not parse" in dropped.reason


def test_a_name_that_would_be_undefined_drops_the_change() -> None:
    draft, outcomes = ran({"main.py": "x = old\n"}, OLD_TO_NEW)

    assert not draft.changes()
    assert "undefined name 'new'" in outcomes.abstained[0].reason


def test_overlapping_changes_are_planned_again() -> None:
    def shorten(node: ast.BinOp, module: Module, _: Context) -> Iterator[Outcome]:
        if isinstance(node.right, ast.Constant) and node.right.value == 0:
            yield changed(module, node, module.source(node.left))

    draft, outcomes = ran({"main.py": "x = 1 + 0 + 0\n"}, rewriting(shorten, ast.BinOp))

    assert draft.read("main.py") == b"x = 1\n"
    assert len(outcomes.changed) == 2


def test_a_change_that_never_settles_stops_after_three_rounds() -> None:
    def grow(node: ast.Constant, module: Module, _: Context) -> Iterator[Outcome]:
        yield changed(module, node, module.source(node) + "0")

    draft, _ = ran({"main.py": "x = 1\n"}, rewriting(grow, ast.Constant))

    assert draft.read("main.py") == b"x = 1000\n"


def test_identical_edits_of_two_changes_merge() -> None:
    def with_header(node: ast.Name, module: Module, _: Context) -> Iterator[Outcome]:
        if node.id == "old":
            edits = (Edit(0, 0, "new = 1\n"), Edit(*module.span(node), "new"))
            yield Changed(module.path, node.lineno, edits, Safety.SAFE, "because")

    draft, _ = ran({"main.py": "old = 0\nx = old\ny = old\n"}, rewriting(with_header, ast.Name))

    assert draft.read("main.py") == b"new = 1\nnew = 0\nx = new\ny = new\n"


def test_what_needs_a_review_waits_for_it() -> None:
    def careful(node: ast.Name, module: Module, _: Context) -> Iterator[Outcome]:
        if node.id == "old":
            edit = Edit(*module.span(node), "new")
            yield Changed(module.path, node.lineno, (edit,), Safety.REVIEW, "it differs")

    source: dict[str, str | bytes] = {"main.py": "new = 1\nx = old\n"}
    rewrite = rewriting(careful, ast.Name)

    draft, outcomes = ran(source, rewrite)
    assert not draft.changes()
    assert [(a.code, a.reason) for a in outcomes.abstained] == [("needs-review", "it differs")]

    draft, _ = ran(source, rewrite, review=True)
    assert draft.read("main.py") == b"new = 1\nx = new\n"


def test_imports_come_with_the_change_that_needs_them_and_go_with_their_last_use() -> None:
    def to_json(node: ast.Call, module: Module, _: Context) -> Iterator[Outcome]:
        if module.resolve(node.func) == "pickle.dumps":
            yield changed(module, node, "json.dumps(x)", Import("json"))

    draft, _ = ran(
        {"main.py": "import os\nimport pickle\n\nx = os.sep\ny = pickle.dumps(x)\n"},
        rewriting(to_json, ast.Call),
    )

    assert draft.read("main.py") == b"import json\nimport os\n\nx = os.sep\ny = json.dumps(x)\n"


def test_only_app_modules_that_no_recipe_owns_are_looked_at() -> None:
    files: dict[str, str | bytes] = dict.fromkeys(
        ("main.py", "test_main.py", "own.py"), "new = 1\nx = old\n"
    )
    draft = Draft(Tree.of(files))
    project, service = service_of(draft)
    project.roles["test_main.py"] = Role.TEST  # type: ignore[index]

    run([OLD_TO_NEW], draft, lambda _: (project, service), owned=frozenset(["own.py"]))

    assert [change.path for change in draft.changes()] == ["main.py"]


@pytest.mark.parametrize(
    "before",
    [
        b"\xef\xbb\xbfnew = 1\r\nx = old\r\n",
        b"# coding: latin-1\nnew = '\xe9'\nx = old",
        b"new = 1\nx = old  # kept \t \n\n\n",
        b"if True:\n\tnew = 1\n\tx = old\n",
    ],
)
def test_every_other_byte_stays(before: bytes) -> None:
    draft, _ = ran({"main.py": before}, OLD_TO_NEW)

    assert draft.read("main.py") == before.replace(b"old", b"new")


def test_text_that_the_files_encoding_lacks_is_refused() -> None:
    def cyrillic(node: ast.Constant, module: Module, _: Context) -> Iterator[Outcome]:
        if node.value == 1:
            yield changed(module, node, "'\u0434\u0430'")

    draft, outcomes = ran(
        {"main.py": b"# coding: latin-1\nx = 1\n"}, rewriting(cyrillic, ast.Constant)
    )

    assert not draft.changes()
    assert "latin-1" in outcomes.abstained[0].reason or "iso-8859-1" in outcomes.abstained[0].reason


def test_outcomes_that_others_found_are_settled_with_the_same_proof() -> None:
    draft = Draft(Tree.of({"main.py": "new = 1\nx = old\n"}))
    module = draft.module("main.py")
    name = module.nodes(ast.Name)[-1]
    good, bad = changed(module, name, "new"), changed(module, name, "(")

    assert settle([("wiring", bad)], draft).abstained[0].rewrite == "wiring"
    assert [made.rewrite for made in settle([("wiring", good)], draft).changed] == ["wiring"]
    assert draft.read("main.py") == b"new = 1\nx = new\n"


def test_every_rewrite_explains_itself_with_before_and_after() -> None:
    assert {"print-to-log", "log-fields"} <= set(rewrites())
    assert not [name for name, item in rewrites().items() if not item.documentation]
