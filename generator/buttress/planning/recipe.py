"""The manifest of a recipe, ``recipes/<id>/recipe.yml``: what a capability adds, as data.

Every string below that is called a template is Jinja over the recipe's answers and the facts about
the service; ``{{ app }}`` is the app object in the user's code. Conditions (``when``) are read as Copier
reads them. Nothing in a manifest is code: rewrites and providers are named, and live in the engine.
"""

from __future__ import annotations

from typing import Annotated, Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from buttress.checks.model import Pillar
from buttress.project.model import Framework, Service
from buttress.rewrites.outcomes import Safety
from buttress.source.patterns import lazy_pattern

_PACKAGE = lazy_pattern(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_ID = lazy_pattern(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def _name(text: str) -> str:
    if not _ID.match(text):
        raise ValueError("use lower-case words joined by hyphens, for example structured-logging")
    return text


def _module(text: str) -> str:
    if not text.isidentifier() or text != text.lower():
        raise ValueError("use a module name in lower case, for example logging_setup")
    return text


def _question(text: str) -> str:
    if not text.isidentifier():
        raise ValueError("use the name of a question, for example logging_module")
    return text


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError("use a version specifier, for example >=25.4,<27") from None
    return text


def _version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion:
        raise ValueError("use one exact version, for example 25.5.0") from None
    return text


def _package(text: str) -> str:
    if not _PACKAGE.match(text):
        raise ValueError("use the name of a package, for example structlog")
    return text


Name = Annotated[str, AfterValidator(_name)]
ModuleName = Annotated[str, AfterValidator(_module)]
QuestionName = Annotated[str, AfterValidator(_question)]
PackageName = Annotated[str, AfterValidator(_package)]
Specifier = Annotated[str, AfterValidator(_specifier)]
ExactVersion = Annotated[str, AfterValidator(_version)]
Condition = str | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Applies(_Strict):
    """Which services a recipe is for.

    Attributes:
        framework: One of these.
        python: Versions of Python that its code runs on; a service that does not say fits.
        packages: Versions of packages that its code works beside; what is not declared fits.
    """

    framework: tuple[Framework, ...] = Field(min_length=1)
    python: Specifier = ""
    packages: dict[PackageName, Specifier] = {}


class Bound(_Strict):
    """Versions of a package for one range of Python versions.

    Attributes:
        python: The range that this is for (``<3.10``).
        specifier: What is declared there.
        pin: What a manifest of exact pins gets there.
        needs: What the pinned version itself needs of other packages.
    """

    python: Specifier
    specifier: Specifier
    pin: ExactVersion | None = None
    needs: dict[PackageName, Specifier] = {}


class Requirement(_Strict):
    """A package that the recipe's code needs.

    Attributes:
        name: As it is written in a manifest.
        specifier: What is declared.
        enough: Versions that the recipe's code works with where the package is declared already; those
            of ``specifier`` by default.
        pin: A version inside them that it was tested with, for manifests of exact pins.
        needs: What the pinned version itself needs of other packages; a manifest that has them in
            versions that do not go with it gets the range instead.
        older: What to declare for a Python that the current releases do not support any more, the
            oldest one first: the first that fits. Its pin is also for a Python that is not known.
        extras: Extras of the package.
        unless: Packages of which one makes this requirement needless.
        framework: Only for these; empty for all.
        when: Only if this holds.
    """

    name: PackageName
    specifier: Specifier = ""
    enough: Specifier = ""
    pin: ExactVersion | None = None
    needs: dict[PackageName, Specifier] = {}
    older: tuple[Bound, ...] = ()
    extras: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    framework: tuple[Framework, ...] = ()
    when: Condition = True

    @model_validator(mode="after")
    def _pins_fit(self) -> Requirement:
        bounds = [(self.specifier, self.pin), *((item.specifier, item.pin) for item in self.older)]
        for specifier, pin in bounds:
            if pin and not SpecifierSet(specifier).contains(pin):
                raise ValueError(f"pin {pin} is not in {specifier}")
        return self


class Dependencies(_Strict):
    """Requirements at run time, and those that only development needs."""

    runtime: tuple[Requirement, ...] = ()
    dev: tuple[Requirement, ...] = ()


class Call(_Strict):
    """The line that puts a recipe to work in the user's code.

    Attributes:
        module: Template of the module's name inside the service's package (``{{ logging_module }}``).
        function: What is imported from it.
        call: Template of the statement.
    """

    module: str
    function: str
    call: str = "{{ function }}({{ app }})"

    @model_validator(mode="after")
    def _is_used(self) -> Call:
        if "function" not in self.call and self.function not in self.call:
            raise ValueError(f"the call does not use {self.function}")
        if "app" not in self.call:
            raise ValueError("the call does not use {{ app }}")
        return self


class Wire(_Strict):
    """Where and how a recipe is installed into the app object.

    Attributes:
        order: Lines of recipes stand in ascending order. Starlette and WSGI run the middleware that
            was added last first, so the highest order is the outermost.
        safety: What the line may alter.
        reason: One sentence for the reviewer of the line.
        fastapi: The line for FastAPI; likewise for the others.
    """

    order: int = Field(ge=0, le=1000)
    safety: Safety = Safety.SAFE
    reason: str
    fastapi: Call | None = None
    flask: Call | None = None
    django: Call | None = None

    def call_for(self, framework: Framework) -> Call | None:
        """Return the line for a framework, if the recipe has one."""
        calls = {
            Framework.FASTAPI: self.fastapi,
            Framework.FLASK: self.flask,
            Framework.DJANGO: self.django,
        }
        return calls.get(framework)


class Keep(_Strict):
    """A file that the recipe owns, unless the project has one of its own already.

    Attributes:
        path: Template of its path, relative to the recipe's destination.
        instead: Templates of glob patterns; a file that matches one serves the same purpose.
        rewrites: What hardens the project's own file.
        note: Template of what a person should know then; may be empty.
    """

    path: str
    instead: tuple[str, ...] = ()
    rewrites: tuple[Name, ...] = ()
    note: str = ""


class LinesMerge(_Strict):
    """Lines that a list of patterns must hold (``.gitignore``, ``.dockerignore``).

    Attributes:
        kind: ``lines``.
        file: Template of the path, relative to the recipe's destination.
        heading: What they are for: a comment above them.
        lines: Templates, or one template that gives a YAML list.
        create: Whether a missing file is made.
        when: Only if this holds.
    """

    kind: Literal["lines"]
    file: str
    heading: str
    lines: tuple[str, ...] | str
    create: bool = True
    when: Condition = True


class Variable(_Strict):
    """One environment variable of an example file.

    Attributes:
        name: Its name.
        comment: What it is for.
        example: A value that is safe to publish; never that of a secret.
    """

    name: str
    comment: str = ""
    example: str = ""


class NamesMerge(_Strict):
    """Variables that a dotenv example must name; values that stand there are left alone.

    Attributes:
        kind: ``names``.
        file: Template of the path, relative to the recipe's destination.
        names: The variables, whose parts are templates; or one template that gives a YAML list of
            mappings like them.
        heading: A comment above them; may be empty.
        heading_below: The same where they follow what the project wrote; empty for the other one.
        create: Whether a missing file is made.
        when: Only if this holds.
    """

    kind: Literal["names"]
    file: str
    names: tuple[Variable, ...] | str
    heading: str = ""
    heading_below: str = ""
    create: bool = True
    when: Condition = True


class TomlMerge(_Strict):
    """Keys that a TOML table must hold; a key that is there keeps its value.

    Attributes:
        kind: ``toml``.
        file: Template of the path, relative to the recipe's destination.
        table: The dotted path of the table.
        values: Keys and values; strings are templates.
        create: Whether a missing file is made.
        when: Only if this holds.
    """

    kind: Literal["toml"]
    file: str
    table: str
    values: dict[str, object]
    create: bool = False
    when: Condition = True


Merge = Annotated[LinesMerge | NamesMerge | TomlMerge, Field(discriminator="kind")]


class NoteText(_Strict):
    """What a person has to do afterwards, and why.

    Besides the answers, its templates know ``kept`` (paths that stay the project's own), ``changed`` and
    ``left`` (how many places the recipe changed in the code, and how many it left alone).

    Attributes:
        text: Template.
        when: Only if this holds.
    """

    text: str
    when: Condition = True


class Recipe(_Strict):
    """A recipe's manifest.

    Attributes:
        id: The name of its folder.
        title: What applying it does, in the imperative; the first line of its commit.
        pillar: Where it counts.
        summary: One or two sentences for the list of recipes.
        fixes: Checks that pass afterwards.
        scope: Where its files go: the root of the service or of the repository.
        applies: Which services it is for.
        requires: Recipes that are applied before, and are added to the plan.
        after: Recipes that come before if they are in the plan.
        order: Ties are broken by this number, the lowest first.
        modules: Questions whose answer is a module name, with the candidates: the first free one wins.
        answers: Questions whose default is worked out from the facts, with the provider's name.
        dependencies: What its code needs.
        wire: How it is installed into the app.
        rewrites: Transformations of the user's code, in their order.
        keep: Files that may belong to the project instead.
        merge: Structured edits of shared files.
        notes: What is left for a person.
        changes_routes: Whether the route table may differ afterwards.
    """

    id: Name
    title: str = Field(min_length=3, max_length=72)
    pillar: Pillar
    summary: str = Field(min_length=10)
    fixes: tuple[str, ...] = ()
    scope: Literal["service", "repository"] = "service"
    applies: Applies
    requires: tuple[Name, ...] = ()
    after: tuple[Name, ...] = ()
    order: int = Field(ge=0, le=1000)
    modules: dict[QuestionName, tuple[ModuleName, ...]] = {}
    answers: dict[QuestionName, Name] = {}
    dependencies: Dependencies = Dependencies()
    wire: Wire | None = None
    rewrites: tuple[Name, ...] = ()
    keep: tuple[Keep, ...] = ()
    merge: tuple[Merge, ...] = ()
    notes: tuple[NoteText, ...] = ()
    changes_routes: bool = False

    @property
    def unit(self) -> str:
        """What Copier knows it as: its folder in the repository of templates."""
        return f"recipes/{self.id}"

    @property
    def rewrite_names(self) -> tuple[str, ...]:
        """All rewrites that it names, those for kept files included."""
        named = [*self.rewrites, *(name for keep in self.keep for name in keep.rewrites)]
        return tuple(dict.fromkeys(named))

    def folder_in(self, service: Service) -> str:
        """Return the folder that its files go to: the root of a service, or of the repository."""
        return service.root if self.scope == "service" else ""
