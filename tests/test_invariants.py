"""What must always hold, over all recipes and the bundled prototypes (see the architecture)."""

from __future__ import annotations

import ast
import itertools
import shutil
import subprocess
from pathlib import Path

import pytest

from buttress.apply.patch import diff
from buttress.planning.catalogue import load_catalogue
from buttress.planning.changes import ChangeSet
from buttress.planning.changeset import Given, build
from buttress.planning.location import find_root, find_templates
from buttress.planning.plan import applicable, make_plan
from buttress.project import inspect_project, select_service
from buttress.scorecard import Status, inspect_service
from buttress.source import Tree
from buttress.source.tree import is_python

PROTOTYPES = Path(__file__).parent / "prototypes"
NAMES = sorted(path.name for path in PROTOTYPES.iterdir() if path.is_dir())
CATALOGUE = load_catalogue(find_root())
RECIPES = sorted(CATALOGUE.recipes)


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    target = tmp_path / str(request.param)
    shutil.copytree(PROTOTYPES / request.param, target)
    subprocess.run(["git", "init", "-q", str(target)], check=True)
    subprocess.run(["git", "-C", str(target), "add", "-A"], check=True)
    return target


# A SQLite file beside the code has no folder that could be backed up; a note of the recipe says so.
NOT_YET = {("terraform", "INFRA-NO-BACKUP")}

every_project = pytest.mark.parametrize("project", NAMES, indirect=True)


def hardened(tree: Tree, recipes: list[str], *, review: bool = False) -> ChangeSet:
    facts = inspect_project(tree)
    service = select_service(facts)
    return build(
        make_plan(CATALOGUE, service, recipes),
        facts,
        service,
        inspect=inspect_project,
        catalogue=CATALOGUE,
        templates=find_templates(),
        given=Given(review=review),
    )


def fitting(tree: Tree) -> list[str]:
    return [recipe.id for recipe in applicable(CATALOGUE, select_service(inspect_project(tree)))]


@every_project
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_second_run_changes_nothing_and_what_is_fixed_passes(project: Path, recipe: str) -> None:
    tree = Tree.open(project)
    first = hardened(tree, [recipe], review=True)

    again = hardened(first.after, [recipe], review=True)

    assert [change.path for change in again.files] == []
    facts = inspect_project(first.after)
    card = inspect_service(facts, select_service(facts))
    left = {item.line for made in first.recipes for item in made.abstained}
    failing = {
        result.check.id: [str(finding.place) for finding in result.findings]
        for result in card.results
        if result.status is Status.FAIL
        and result.check.id in CATALOGUE[recipe].fixes
        and (recipe, result.check.id) not in NOT_YET
    }
    assert left or not failing, failing


@every_project
def test_every_changed_python_file_parses(project: Path) -> None:
    tree = Tree.open(project)

    for change in hardened(tree, fitting(tree), review=True).files:
        if is_python(change.path) and change.after is not None:
            ast.parse(change.after)


@every_project
def test_any_subset_gives_the_same_whatever_its_order(project: Path) -> None:
    tree = Tree.open(project)
    names = [name for name in fitting(tree) if CATALOGUE[name].rewrites]
    for first, second in itertools.combinations(names, 2):
        one = hardened(tree, [first, second])
        other = hardened(tree, [second, first])
        assert diff(one.files) == diff(other.files)


@every_project
def test_the_same_input_gives_the_same_bytes(project: Path) -> None:
    tree = Tree.open(project)

    assert diff(hardened(tree, fitting(tree)).files) == diff(hardened(tree, fitting(tree)).files)


@every_project
def test_patches_apply_in_their_order_and_give_the_bytes_of_the_direct_run(project: Path) -> None:
    tree = Tree.open(project)
    change_set = hardened(tree, fitting(tree))

    for made in change_set.recipes:
        if made.files:
            command = ["git", "-C", str(project), "apply", "--whitespace=nowarn", "-"]
            subprocess.run(command, input=diff(made.files), check=True)

    for change in change_set.files:
        assert (project / change.path).read_bytes() == change.after


@every_project
def test_untouched_files_keep_every_byte(project: Path) -> None:
    tree = Tree.open(project)
    change_set = hardened(tree, fitting(tree))
    changed = {change.path for change in change_set.files}

    for path in tree.paths:
        if path not in changed:
            assert change_set.after.read(path) == tree.read(path)


@every_project
def test_no_secret_of_the_project_is_written_anywhere(project: Path) -> None:
    tree = Tree.open(project)
    secrets = [b"nt_7f3a91c2d84e5b60", b"shop-dev-key-2024"]

    for change in hardened(tree, fitting(tree)).files:
        for secret in secrets:
            assert secret not in (change.after or b""), change.path
