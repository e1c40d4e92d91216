"""The files that a recipe owns: rendered, and laid beside what the project has already.

A file that is there is never written over. If the recipe comes for the first time, a file of the same name is
the project's own: its path goes into the stored answer ``keep``, so that no update writes it either. If the
recipe was applied before, its files follow its answers as far as nobody edited them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from buttress.errors import UserError
from buttress.planning.destination import Ignored, stands
from buttress.planning.location import Templates
from buttress.planning.recipe import Recipe
from buttress.planning.render import Rendered, answers_file, render_unit
from buttress.planning.stored import answers_of
from buttress.planning.templating import render
from buttress.source import Draft


@dataclass(frozen=True)
class Owned:
    """What became of a recipe's files.

    Attributes:
        answers: The answers that its answers file stores.
        paths: Its files in the project, relative to the root.
        kept: Paths that it would own, relative to its destination, but which the project keeps.
        notes: What a person should know, as sentences.
    """

    answers: Mapping[str, object]
    paths: frozenset[str]
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Destination:
    """Where a recipe's files go.

    Attributes:
        draft: The files; changed in place.
        folder: Relative to the root, ``""`` for the root itself.
        recipe: The recipe.
        templates: Where its templates come from.
    """

    draft: Draft
    folder: str
    recipe: Recipe
    templates: Templates

    def path(self, name: str) -> str:
        """Return the path of one of the recipe's files relative to the root."""
        return posixpath.join(self.folder, name)

    @property
    def answers_path(self) -> str:
        """The path of the recipe's answers file."""
        return self.path(answers_file(self.recipe.unit))

    def stored(self) -> dict[str, object] | None:
        """Return the answers of an earlier application, if there was one.

        Raises:
            UserError: If the answers file is damaged, another template's, or out of sight.
        """
        path = self.answers_path
        if path not in self.draft and stands(self.draft, path):
            raise UserError(
                f"{path}: is there, but git ignores it, so its answers cannot be kept. Take it out of "
                ".gitignore, or delete it."
            )
        return answers_of(self.draft, path, self.recipe.unit)


def place(to: Destination, defaults: Mapping[str, object], answers: Mapping[str, object]) -> Owned:
    """Render a recipe's files into the draft.

    Args:
        to: Where they go.
        defaults: Answers from facts.
        answers: Answers that were given or asked.

    Raises:
        UserError: If a question refuses an answer, or an earlier application stands in the way.
    """
    stored = to.stored()
    if stored is not None:
        return _place_again(to, stored, defaults, answers)
    kept = _kept_on_purpose(to, {**defaults, **answers})
    rendered = _rendered(to, defaults, {**answers, "keep": list(kept)})
    names = [name for name in rendered.files if name != rendered.answers_file]
    in_the_way = tuple(name for name in names if _is_foreign(to, name, rendered.files[name]))
    if in_the_way:
        kept += in_the_way
        rendered = _rendered(to, defaults, {**answers, "keep": list(kept)})
        names = [name for name in names if name not in in_the_way]
    for name, data in rendered.files.items():
        to.draft.write(to.path(name), data)
    notes = [*_about_kept(to, in_the_way), *_about_ignored(to, rendered.files)]
    paths = frozenset(to.path(name) for name in names)
    return Owned(rendered.answers, paths, kept, tuple(notes))


def _rendered(
    to: Destination,
    defaults: Mapping[str, object],
    answers: Mapping[str, object],
    templates: Templates | None = None,
    stored: bytes | None = None,
) -> Rendered:
    root = to.draft.root
    return render_unit(
        templates or to.templates,
        to.recipe.unit,
        defaults=defaults,
        answers=answers,
        stored=stored,
        folder_name=root.name if root is not None and root.name else "project",
    )


def _kept_on_purpose(to: Destination, answers: Mapping[str, object]) -> tuple[str, ...]:
    """Return the recipe's paths for which the project has a file of the same purpose already."""
    kept = []
    for keep in to.recipe.keep:
        where = f"{to.recipe.unit}/recipe.yml: keep"
        name = render(keep.path, answers, where)
        patterns = [render(pattern, answers, where) for pattern in keep.instead]
        same = (
            path
            for path in to.draft.below(to.folder)
            for pattern in patterns
            if _matches(posixpath.relpath(path, to.folder or "."), pattern)
        )
        if stands(to.draft, to.path(name)) or any(same):
            kept.append(name)
    return tuple(kept)


def _matches(path: str, pattern: str) -> bool:
    """Whether a pattern names a path; ``*`` stays inside one folder."""
    return path.count("/") == pattern.count("/") and fnmatchcase(path.lower(), pattern.lower())


def _is_foreign(to: Destination, name: str, data: bytes) -> bool:
    path = to.path(name)
    if path in to.draft:
        return to.draft.read(path) != data
    return stands(to.draft, path)


def _about_kept(to: Destination, names: tuple[str, ...]) -> list[str]:
    return [
        f"{to.path(name)} was there already and was left as it is; "
        f"updates of {to.recipe.id} will not touch it either."
        for name in names
    ]


def _about_ignored(to: Destination, files: Mapping[str, bytes]) -> list[str]:
    ignored = Ignored(to.draft)
    return [
        f"git ignores {to.path(name)} because of your .gitignore: take the rule out, or the file "
        "will be missing everywhere else."
        for name in files
        if to.path(name) in ignored
    ]


def _place_again(
    to: Destination,
    stored: Mapping[str, object],
    defaults: Mapping[str, object],
    answers: Mapping[str, object],
) -> Owned:
    """Bring back files that are gone, and let unedited ones follow changed answers."""
    patterns = stored.get("keep")
    kept = tuple(str(item).lstrip("/") for item in (patterns if isinstance(patterns, list) else []))
    version = stored.get("_commit")
    if version != to.templates.commit:
        applied = f"at version {version}" if version else "from templates without a version"
        if any(stored.get(name) != answer for name, answer in answers.items()):
            raise UserError(
                f"{to.answers_path}: {to.recipe.id} was applied {applied}. Run "
                "`buttress update` before you change its answers."
            )
        note = (
            f"{to.recipe.id} was applied {applied}, and its files stay as they are; "
            "`buttress update` brings them up to date."
        )
        return Owned(stored, frozenset(), kept, (note,))
    same = replace(to.templates, source=str(stored.get("_src_path", to.templates.source)))
    before = to.draft.read(to.answers_path)
    old = _rendered(to, defaults, {}, same, before)
    new = _rendered(to, defaults, answers, same, before) if answers else old
    notes: list[str] = []
    for name in sorted({*old.files, *new.files} - {old.answers_file}):
        edited = _follow(to, name, old.files.get(name), new.files.get(name))
        notes += [edited] if edited else []
    if new.answers != old.answers:
        to.draft.write(to.answers_path, new.files[new.answers_file])
    paths = frozenset(to.path(name) for name in new.files if name != new.answers_file)
    return Owned(new.answers, paths, kept, tuple(notes))


def _follow(to: Destination, name: str, old: bytes | None, new: bytes | None) -> str | None:
    """Give one owned file its new content, unless somebody edited it; return a note then."""
    path = to.path(name)
    if path not in to.draft:
        if new is not None and not stands(to.draft, path):
            to.draft.write(path, new)
        return None
    current = to.draft.read(path)
    if new in {old, current}:
        return None
    if current != old:
        return f"{path} was edited here, so it does not follow the changed answers by itself."
    if new is None:
        to.draft.delete(path)
    else:
        to.draft.write(path, new)
    return None
