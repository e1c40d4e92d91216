"""Where templates come from, and which source and version an answers file records.

An installation serves its templates itself: a checkout from its own folder, a wheel from ``_store/``. What
is rendered is always the files on this disk; what is recorded has to be something that a later update
can fetch, so a version is recorded only if exactly these files stand under it in the recorded source.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from buttress.errors import UserError
from buttress.source.git import run_git

PARTS = ("copier.yml", "templates", "recipes")
"""What a root of templates consists of."""


@dataclass(frozen=True, slots=True)
class Templates:
    """A root of templates, and how answers files refer to it.

    Attributes:
        root: The folder that holds ``copier.yml``, ``templates/`` and ``recipes/``.
        source: What is recorded as ``_src_path``.
        commit: What is recorded as ``_commit``; ``None`` if no version holds exactly these files.
        doubt: Whom no update can reach later, and why, as a sentence; empty if it reaches everybody.
        repository: A git repository or bundle on this disk that serves all versions, if there is one.
    """

    root: Path
    source: str
    commit: str | None = None
    doubt: str = ""
    repository: Path | None = None


def find_root() -> Path:
    """Return the folder of this installation that holds the templates.

    Raises:
        UserError: If the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_store", *package.parents):
        if all((folder / part).exists() for part in PARTS[::2]):
            return folder
    raise UserError(
        f"{package}: this installation has no templates. Install buttress again from its wheel, or "
        "run it from a complete checkout."
    )


def find_templates(root: Path | None = None, source: str | None = None) -> Templates:
    """Return the templates of this installation, and what is recorded of them.

    Args:
        root: Another root; that of the installation by default.
        source: What to record as the source instead, as the user gave it.
    """
    root = root if root is not None else find_root()
    if (root / "releases.bundle").exists() or root.name == "_store":
        return _from_store(root, source)
    return _from_folder(root, source)


def _from_store(root: Path, source: str | None) -> Templates:
    bundle = root / "releases.bundle"
    repository = bundle if bundle.is_file() else None
    release = _json(root / "source.json").get("commit")
    installed_from, commit = _installed_from()
    commit = release if isinstance(release, str) else commit
    recorded = source or installed_from or os.fspath(bundle)
    if commit is None:
        doubt = _never("this installation was built between two releases")
    elif source or installed_from:
        doubt = ""
    else:
        doubt = _only_here("it is not known where this installation came from")
    return Templates(root, recorded, commit, doubt, repository)


def _installed_from() -> tuple[str | None, str | None]:
    """Return the repository that this distribution was installed from, and the commit (PEP 610)."""
    try:
        distribution = metadata.distribution("buttress")
    except metadata.PackageNotFoundError:
        return None, None
    data = _parsed(distribution.read_text("direct_url.json") or "{}")
    url, details = data.get("url"), data.get("vcs_info")
    if not isinstance(url, str):
        return _repository_of(distribution), None
    if isinstance(details, dict) and details.get("vcs") == "git":
        commit = details.get("commit_id")
        return without_credentials(url), commit if isinstance(commit, str) else None
    if isinstance(data.get("dir_info"), dict) and url.startswith("file://"):
        checkout = Path(unquote(urlsplit(url).path))
        if (checkout / PARTS[0]).is_file() and run_git(checkout, "rev-parse") is not None:
            return _from_folder(checkout, None).source, None
    return _repository_of(distribution), None


def _repository_of(distribution: metadata.Distribution) -> str | None:
    """Return the repository that the distribution's own metadata names, if it names one."""
    for line in distribution.metadata.get_all("Project-URL") or ():
        label, _, url = line.partition(",")
        if label.strip().lower() == "repository":
            return str(url).strip()
    return None


def _from_folder(root: Path, source: str | None) -> Templates:
    """Describe a checkout, or a plain folder of templates."""
    path = os.fspath(root.resolve())
    top = _git(root, "rev-parse", "--show-toplevel")
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not top or Path(top).resolve() != root.resolve() or not head:
        doubt = _never("the templates are in no git repository")
        return Templates(root, source or path, None, doubt)
    if run_git(root, "status", "--porcelain", "--", *PARTS) != b"":
        doubt = _never("the templates have changes that are not committed")
        return Templates(root, source or _origin(root) or path, None, doubt, root)
    commit = _git(root, "describe", "--tags", "--always", head)
    if source is not None:
        return Templates(root, source, commit, "", root)
    published = _git(root, "for-each-ref", "--contains", head, "refs/remotes/origin", "--count=1")
    recorded = _origin(root) if published else None
    doubt = "" if recorded else _only_here("this version of the templates is published nowhere")
    return Templates(root, recorded or path, commit, doubt, root)


def _never(reason: str) -> str:
    return f"No `buttress update` can follow what is applied now: {reason}."


def _only_here(reason: str) -> str:
    return (
        f"`buttress update` works on this computer alone: {reason}. `--source URL` records where "
        "others find the templates."
    )


def _origin(root: Path) -> str | None:
    url = _git(root, "config", "--get", "remote.origin.url")
    return without_credentials(url) if url else None


def _git(root: Path, *arguments: str) -> str | None:
    out = run_git(root, *arguments)
    return out.decode("utf-8", "replace").strip() if out is not None else None


def without_credentials(url: str) -> str:
    """Return an address without the user name and password that may stand in it.

    The user of ``ssh://git@host/x`` and ``git@host:x`` is part of the address and stays.
    """
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and "@" in parts.netloc:
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return url


def _json(path: Path) -> dict[str, object]:
    try:
        return _parsed(path.read_text("utf-8"))
    except OSError:
        return {}


def _parsed(text: str) -> dict[str, object]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


@contextmanager
def reachable(templates: Templates) -> Iterator[None]:
    """Let Copier fetch the recorded source from this disk, without a network.

    A redirect of git's own (``url.<repository>.insteadOf``) that only this process and its children
    see. Copier starts git with an environment that plumbum copied when it was imported, so
    the redirect goes there; the folder of its mirrors is read from ``os.environ``, and is a fresh
    one: a mirror that was made through the redirect must never serve anyone else.
    """
    if templates.repository is None:
        yield
        return
    from plumbum import local

    number = int(local.env.get("GIT_CONFIG_COUNT", "0") or 0)
    redirect = {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"url.{templates.repository.resolve()}.insteadOf",
        f"GIT_CONFIG_VALUE_{number}": templates.source,
    }
    own_cache = "COPIER_CACHE_DIR"
    before = os.environ.get(own_cache)
    with tempfile.TemporaryDirectory(prefix="buttress-") as cache, local.env(**redirect):
        os.environ[own_cache] = cache
        try:
            yield
        finally:
            if before is None:
                del os.environ[own_cache]
            else:
                os.environ[own_cache] = before
