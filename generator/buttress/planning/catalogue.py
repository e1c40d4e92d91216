"""All recipes of an installation, loaded and checked; every mistake names its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from buttress.errors import UserError
from buttress.planning.nearest import nearest
from buttress.planning.recipe import LinesMerge, NamesMerge, Recipe, TomlMerge


@dataclass(frozen=True)
class Catalogue:
    """The recipes of one root.

    Attributes:
        root: The folder that holds ``copier.yml`` and ``recipes/``.
        recipes: By id, sorted.
    """

    root: Path
    recipes: Mapping[str, Recipe]

    def __getitem__(self, name: str) -> Recipe:
        """Return a recipe.

        Raises:
            UserError: If there is none of that name; the nearest one is suggested.
        """
        if name not in self.recipes:
            known = ", ".join(self.recipes)
            raise UserError(
                f"There is no recipe `{name}`.{nearest(name, self.recipes)} Known: {known}."
            )
        return self.recipes[name]

    def folder(self, recipe: Recipe) -> Path:
        """Return the folder of a recipe."""
        return self.root / recipe.unit


def load_catalogue(root: Path) -> Catalogue:
    """Load every ``recipes/<id>/recipe.yml`` below ``root``.

    Raises:
        UserError: If a manifest cannot be read, breaks the schema, or names a recipe that is not
            there; or if recipes require each other in a circle.
    """
    found = {}
    for path in sorted((root / "recipes").glob("*/recipe.yml")):
        recipe = load_recipe(path)
        found[recipe.id] = recipe
    for recipe in found.values():
        for other in (*recipe.requires, *recipe.after):
            if other not in found:
                raise UserError(
                    f"{root / recipe.unit / 'recipe.yml'}: no recipe is called `{other}`."
                    f"{nearest(other, found)}"
                )
    graph = {recipe.id: {*recipe.requires, *recipe.after} for recipe in found.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        circle = " -> ".join(problem.args[1])
        raise UserError(
            f"{root / 'recipes'}: recipes come after each other in a circle: {circle}."
        ) from None
    return Catalogue(root, found)


def load_recipe(path: Path) -> Recipe:
    """Load one manifest.

    Raises:
        UserError: If it cannot be read or breaks the schema.
    """
    data = read_yaml(path)
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: a recipe is a mapping of keys. See the other recipes.")
    try:
        recipe = Recipe.model_validate(plain(data))
    except ValidationError as problem:
        lines = [_explained(path, data, error) for error in problem.errors()]
        raise UserError("\n".join(dict.fromkeys(lines))) from None
    if recipe.id != path.parent.name:
        raise UserError(
            f"{path}:{_line(data, ('id',))}: the id is `{recipe.id}`, but the folder is called "
            f"`{path.parent.name}`. Give both the same name."
        )
    return recipe


def check_names(catalogue: Catalogue, recipe: Recipe) -> None:
    """Make sure that the engine has every rewrite and provider that a recipe names.

    A check that this version does not have is no obstacle: it only cannot be counted as fixed.

    Raises:
        UserError: For the first name that it does not have.
    """
    from buttress.planning.providers import providers
    from buttress.rewrites.registry import rewrites

    where = catalogue.folder(recipe) / "recipe.yml"
    for kind, names, known in (
        ("rewrite", recipe.rewrite_names, rewrites()),
        ("provider of answers", recipe.answers.values(), providers()),
    ):
        for name in names:
            if name not in known:
                raise UserError(f"{where}: no {kind} is called `{name}`.{nearest(name, known)}")


def read_yaml(path: Path) -> Any:
    """Return the data of a YAML file, with its lines kept for errors.

    Raises:
        UserError: If it cannot be read or is no YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        # of several documents, the first: what follows in copier.yml includes other files
        return next(iter(YAML().load_all(path.read_text("utf-8"))), None)
    except OSError as problem:
        raise UserError(f"{path}: cannot be read ({problem.strerror}).") from problem
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not in UTF-8. Save it as UTF-8.") from None
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: is no YAML: {problem.problem}.") from None
    except YAMLError as problem:
        raise UserError(f"{path}: is no YAML: {problem}.") from None


def plain(data: object) -> object:
    """Return YAML data without the types of the parser, which know their lines."""
    if isinstance(data, Mapping):
        return {str(key): plain(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [plain(item) for item in data]
    return str(data) if isinstance(data, str) else data


def _explained(path: Path, data: Mapping[str, object], error: ErrorDetails) -> str:
    steps = _keys(error["loc"])
    where = f"{path}:{_line(data, steps)}"
    key = ".".join(str(step) for step in steps)
    if error["type"] == "extra_forbidden":
        known = _fields(error["loc"][:-1])
        allowed = ", ".join(sorted(known))
        name = str(steps[-1])
        inside = f" of `{'.'.join(map(str, steps[:-1]))}`" if len(steps) > 1 else ""
        return f"{where}: `{name}` is no key{inside}.{nearest(name, known)} Allowed: {allowed}."
    if error["type"] == "missing":
        return f"{where}: `{key}` is missing."
    message = error["msg"].removeprefix("Value error, ")
    word = error["input"]
    suggestion = ""
    expected = error.get("ctx", {}).get("expected")
    if isinstance(word, str) and isinstance(expected, str):
        suggestion = nearest(word, [item.strip("'") for item in expected.split(", ")])
    given = f" (given: `{word}`)" if isinstance(word, str | int | float) else ""
    return f"{where}: `{key}`: {message}{given}.{suggestion}"


def _keys(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the keys of a location, without what the parser says about kinds of values."""
    keys: list[int | str] = []
    for step in location:
        if len(keys) == 2 and keys[0] == "merge" and step in _MERGES:
            continue
        if not (isinstance(step, str) and (step in {"str", "bool"} or step.startswith("tuple["))):
            keys.append(step)
    return tuple(keys)


_MERGES = {"lines": LinesMerge, "names": NamesMerge, "toml": TomlMerge}


def _line(data: object, steps: Iterable[object]) -> int:
    """Return the line of a key, or of the deepest part of its path that is there."""
    line = 1
    for step in steps:
        if isinstance(data, Mapping) and step in data:
            line = data.lc.key(step)[0] + 1  # type: ignore[attr-defined]
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            line = data.lc.item(step)[0] + 1  # type: ignore[attr-defined]
            data = data[step]
        else:
            break
    return line


def _fields(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model at a location allows."""
    model: Any = Recipe
    for step in location:
        if step in _MERGES and model == Recipe.model_fields["merge"].annotation:
            model = _MERGES[str(step)]
            continue
        holder = next((item for item in _models(model) if step in item.model_fields), None)
        if holder is not None:
            model = holder.model_fields[str(step)].annotation
    return sorted({name for item in _models(model) for name in item.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
