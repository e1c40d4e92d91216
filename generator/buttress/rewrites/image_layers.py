"""What is the same in every image: what it starts from, the secrets and the caches in its layers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.delivery.images import secrets_in_image
from buttress.rewrites.image_reading import DeployedImage
from buttress.rewrites.outcomes import Good, Outcome, Safety
from buttress.source import Edit
from buttress.source.dockerfile import Stage
from buttress.source.patterns import lazy_pattern

_INSTALLS = lazy_pattern(r"\bapt(-get)?( -\S+)* install\b")
_UPDATES = lazy_pattern(r"\bapt(-get)?( -\S+)* update\b")
_PIP = lazy_pattern(r"\bpip(?:3(?:\.\d+)?)? install\b(?![^&|;]*--no-cache(?:-dir?|-d)?(?![\w-]))")


def bases(image: DeployedImage) -> Iterator[Outcome]:
    """Name the version of each base that has none, where the project says which."""
    names = {stage.name for stage in image.dockerfile.stages if stage.name}
    for stage in image.dockerfile.stages:
        reference, base = stage.reference, stage.image
        if reference.lower() in names or reference == "scratch" or base.digest or "$" in reference:
            continue
        if re.search(r"\d", base.tag):
            yield Good(image.path, stage.from_.line)
            continue
        is_python = base.name in ("python", "docker.io/python", "library/python")
        if not is_python or image.facts.python is None:
            yield image.abstained(
                stage.from_,
                "unpinned-image",
                f"`{reference}` is another image every few weeks, and nothing here says which "
                "version the app needs",
                "Name a version in the tag.",
            )
            continue
        variant = f"-{base.tag}" if base.tag not in ("", "latest") else ""
        start = stage.from_.value.index(reference)
        span = stage.from_.span(start, start + len(reference))
        yield image.changed(
            stage.from_,
            (Edit(*span, f"{base.name}:{image.facts.python}{variant}"),),
            Safety.REVIEW,
            f"`{reference}` moves to the next Python by itself; the project is written for "
            f"{image.facts.python}.",
        )


def secrets(image: DeployedImage) -> Iterator[Outcome]:
    """Say which instructions put secrets into the image: only their owner can take them out."""
    for instruction, name in secrets_in_image(image.dockerfile):
        if instruction.keyword in ("COPY", "ADD"):
            yield image.abstained(
                instruction,
                "secret-in-image",
                "an environment file is copied into the image, where everyone who pulls it can "
                "read it (CWE-538)",
                "Hand the variables in when the container starts, then delete this line.",
            )
        else:
            yield image.abstained(
                instruction,
                "secret-in-image",
                f"{name} has a value in the image, where everyone who pulls it can read it "
                "(CWE-798)",
                "Hand it in when the container starts, and change it where it is used.",
            )


def pip_caches(image: DeployedImage, stage: Stage) -> Iterator[Outcome]:
    """Leave pip's cache out of the layers of a stage."""
    sets_off = any(
        i.keyword == "ENV" and re.search(r"PIP_NO_CACHE_DIR[= ]\"?(1|true|yes|on|off)", i.value)
        for s in image.dockerfile.lineage(stage)
        for i in s.instructions
    )
    for run in stage.all("RUN"):
        if run.heredocs or run.exec_form is not None or sets_off:
            continue
        if "type=cache" in run.value[: run.command_index]:
            continue
        edits = []
        for match in _PIP.finditer(run.value):
            end = run.span(match.start(), match.end())[1]
            edits.append(Edit(end, end, " --no-cache-dir"))
        if edits:
            reason = "pip's cache would stay in the layer and is never used again."
            yield image.changed(run, tuple(edits), Safety.SAFE, reason)


def package_lists(image: DeployedImage, stage: Stage) -> Iterator[Outcome]:
    """Remove the lists of apt in the layer that made them."""
    for run in stage.all("RUN"):
        command = run.command
        if run.heredocs or run.exec_form is not None or not _INSTALLS.search(command):
            continue
        if re.search(r"/var/lib/apt/lists", run.value):
            yield Good(image.path, run.line)
            continue
        if not _UPDATES.search(command):
            continue  # the lists are in an earlier layer: removing them here frees nothing
        later = [
            i.command
            for i in image.dockerfile.instructions
            if i.keyword == "RUN" and i.start > run.start and _INSTALLS.search(i.command)
        ]
        needs_lists = any(not _UPDATES.search(text) for text in later)
        if needs_lists or re.search(r"[;|#]|\b(if|for|while)\b", command):
            yield image.abstained(
                run,
                "apt-lists",
                "the package lists stay in the layer, and it cannot be told that nothing after "
                "needs them",
                "End the line with `&& rm -rf /var/lib/apt/lists/*`.",
            )
            continue
        text, newline = image.dockerfile.text, image.dockerfile.newline
        written = text[run.start : run.end]
        joint = " && "
        if "\n" in written:
            last = written.rpartition("\n")[2]
            indent = last[: len(last) - len(last.lstrip())] or "    "
            escape = "`" if image.dockerfile.directives.get("escape") == "`" else "\\"
            joint = f" {escape}{newline}{indent}&& "
        end = run.offsets[-1] + 1
        yield image.changed(
            run,
            (Edit(end, end, f"{joint}rm -rf /var/lib/apt/lists/*"),),
            Safety.SAFE,
            "The package lists would stay in the layer and are out of date at the next build.",
        )
