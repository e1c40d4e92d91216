"""Secrets that stand as text in what describes the infrastructure: compose, Kubernetes, Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buttress.analysis.delivery.orchestration import manifests
from buttress.analysis.delivery.terraform import Block, read
from buttress.analysis.secrecy.secrets import is_placeholder, is_secret_variable, kind_of
from buttress.project.documents import text_of
from buttress.project.folders import name_of
from buttress.project.model import Place, Project
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

if TYPE_CHECKING:
    from buttress.analysis.delivery.workflow_yaml import View

_LARGEST = 256 * 1024
_DEFAULT = lazy_pattern(r"\$\{\w+:?-(?P<default>[^}]*)\}\Z")
_COMPUTED = lazy_pattern(r"\$\{|\$\(|\$[A-Za-z_]|\{\{|<%|\A(?:var|local|data|module|random_\w+|aws_\w+|file|sensitive|jsonencode)[.(]")  # fmt: skip
_DEVELOPMENT = lazy_pattern(
    r"(?:.*(?:change[-_ ]?(?:me|it|this|in)|insecure|not[-_]?(?:for|a)[-_]?(?:prod|secret)|dev(?:elop(?:ment)?)?[-_]?|local|test|demo|example|sample|dummy|fake|placeholder|your[-_]|replace).*"
    r"|(?:admin|root|postgres|user|my|db|super)[-_]?(?:pass(?:word)?|pwd|secret)[\d!@#]*|postgres(?:ql)?|password\d*|passw0rd|pass|root\d*|admin\d*|secret|user|mysql|mongo|redis|guest|minio(?:admin|123)?|rabbitmq|app|db|toor|qwerty|1234\d*|foo|bar|x+|test\d*)\Z",
    re.IGNORECASE,
)
"""Values that nobody would take for those of production."""

_PRODUCTION = lazy_pattern(r"prod|release|deploy|server|cloud|swarm|stack", re.IGNORECASE)
_LOCAL = lazy_pattern(r"(?:\A|[./_-])(?:dev|development|local|test|tests|testing|ci|e2e|example|sample|devcontainer|override|debug)(?:[./_-]|\Z)", re.IGNORECASE)  # fmt: skip
_STARTS_COMPOSE = lazy_pattern(r"docker(?:-compose|\s+compose)\s[^\n]{0,300}\bup\b|docker\s+stack\s+deploy", re.MULTILINE)  # fmt: skip
_DEPLOY_SCRIPT = lazy_pattern(r"(?:deploy|production|prod|release|server[-_]?setup)[\w.-]*\.(?:sh|bash|ps1)\Z", re.IGNORECASE)  # fmt: skip
_FOREIGN = lazy_pattern(r"(?:\A|/)(?:vendor|third_party|node_modules)/")
_HINT = lazy_pattern(r"pass|secret|token|key|credential|salt|pwd|://", re.IGNORECASE)
"""To look for these costs far less than to read YAML."""

_STATES = frozenset({"terraform.tfstate", "terraform.tfstate.backup"})
_ADDRESS = lazy_pattern(r"\A[a-z][a-z0-9+.-]*://(?P<user>[^\s:/@]*):(?P<password>[^\s/@]+)@")
_FILE_NAMES = lazy_pattern(
    r"\.(?:key|pem|crt|p12|pfx|json|jks|env)\Z|\A(?:/run/secrets|/var/|/etc/|\./)"
)
_NOT_SECRET_VALUES = lazy_pattern(r"true|false|yes|no|on|off|none|null|\d{1,5}|required|optional|bearer|jwt|hs\d+|rs\d+|md5|scram-sha-256|trust", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InlineSecret:
    """A secret that is written out.

    Attributes:
        place: Where.
        name: What it is called.
        why: What makes it matter, as the end of a sentence.
    """

    place: Place
    name: str
    why: str


def inline_secrets(project: Project) -> Iterator[InlineSecret]:
    """Yield the secrets; references, placeholders and passwords for one's own machine are none."""
    tree = project.tree
    for path in project.compose_files:
        if _FOREIGN.search(path):
            continue
        yield from _in_compose(project, path)
    for path, text in manifests(tree):
        yield from _in_manifest(path, text)
    for path in tree.paths:
        name = name_of(path)
        if path.endswith((".tf", ".tfvars")) and not _is_example(path):
            yield from _in_terraform(path, text_of(tree, path))
        elif name in _STATES and _is_tracked(tree, path) and _holds_resources(text_of(tree, path)):
            why = "Terraform keeps every password that it sets in its state, and git tracks that"
            yield InlineSecret(Place(path), name, why)


def _is_tracked(tree: Tree, path: str) -> bool:
    return tree.tracked is None or path in tree.tracked


def _is_example(path: str) -> bool:
    return re.search(r"example|sample|template", path) is not None


def _holds_resources(text: str) -> bool:
    try:
        data = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and bool(data.get("resources"))


def _document(path: str, text: str) -> View | None:
    from buttress.analysis.delivery.workflow_yaml import Document

    if not _HINT.search(text) or len(text) > _LARGEST:
        return None
    try:
        return Document(path, text).root
    except ValueError:
        return None


def _in_compose(project: Project, path: str) -> Iterator[InlineSecret]:
    root = _document(path, text_of(project.tree, path))
    if root is None or _is_example(path):
        return
    is_deployed = _is_deployed(project, path)
    own: set[str] = set()
    seen: set[str] = set()
    for _, service, _ in root.entries("services"):
        pairs = [*service.scalars("environment")]
        listed = service.list_scalars("environment")
        pairs += [
            (name, value, place)
            for text, place in listed
            for name, _, value in [text.partition("=")]
        ]
        own |= {value for name, value, _ in pairs if re.search(r"USER|_DB\b|DATABASE\b", name)}
        for name, value, place in pairs:
            why = _compose_secret(name, value, own, is_deployed=is_deployed)
            address = _ADDRESS.match(value)
            secret = address["password"] if address else value
            # the same password in an address, or in another service, is the same mistake
            if why and secret not in seen:
                seen.add(secret)
                yield InlineSecret(place, name, why)


def _compose_secret(name: str, value: str, own: set[str], *, is_deployed: bool) -> str:
    """Return why a value of a compose file is a secret; nothing where it is none."""
    default = _DEFAULT.match(value)
    if default is not None:
        value = default["default"]
    address = _ADDRESS.match(value)
    if address is not None and not _COMPUTED.search(address["password"]):
        own, name, value = own | {address["user"]}, "password", address["password"]
    if not _is_literal_secret(name, value):
        return ""
    shape = kind_of(value)
    if shape and shape != "password in an address":
        return f"it has the shape of a {shape}"
    if _DEVELOPMENT.match(value) or value in own:
        if not is_deployed or default is not None:
            return ""  # on one's own machine it protects nothing
        return "it is a password for development, in a file that is deployed"
    if default is not None:
        return "it is what runs where the variable is missing"
    return "everybody with the repository has it"


def _is_deployed(project: Project, path: str) -> bool:
    """Whether a compose file is for a server: by its name, or because a script of deployment starts it."""
    name = name_of(path)
    if _LOCAL.search(path):
        return False
    if _PRODUCTION.search(name.partition("compose")[2]):
        return True
    for other in project.tree.paths:
        is_pipeline = other in project.workflows and "deploy" in other
        if is_pipeline or _DEPLOY_SCRIPT.search(name_of(other)):
            text = text_of(project.tree, other)
            for match in _STARTS_COMPOSE.finditer(text):
                if name in match.group() or " -f" not in match.group():
                    return True
    return False


def _in_manifest(path: str, text: str) -> Iterator[InlineSecret]:
    """Yield values in the environment of containers, and in Secrets that are committed."""
    from buttress.analysis.delivery.workflow_yaml import documents

    if _LOCAL.search(path) or _is_example(path) or not _HINT.search(text):
        return
    for root in documents(path, text):
        kind = root.text("kind")
        if kind == "Secret" and not root.has("sops"):
            for key in ("stringData", "data"):
                for name, value, place in root.scalars(key):
                    if _is_literal_secret(name if is_secret_variable(name) else "secret", value):
                        yield InlineSecret(place, name, "a Secret in the repository is no secret")
        elif kind in {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"}:
            for name, value, place in root.named_values():
                if _is_literal_secret(name, value):
                    yield InlineSecret(place, name, "everybody with the repository has it")


def _in_terraform(path: str, text: str) -> Iterator[InlineSecret]:
    if not text or len(text) > _LARGEST:
        return
    if path.endswith(".tfvars"):
        for match in re.finditer(r"^[ \t]*(\w+)[ \t]*=[ \t]*\"([^\"\n]*)\"", text, re.MULTILINE):
            if _is_literal_secret(match[1], match[2]):
                line = text.count("\n", 0, match.start(1)) + 1
                yield InlineSecret(
                    Place(path, line), match[1], "everybody with the repository has it"
                )
        return
    for block in read(path, text):
        yield from _in_block(block, text)


def _in_block(block: Block, text: str) -> Iterator[InlineSecret]:
    for name, value in block.attributes.items():
        is_default = block.kind == "variable" and name == "default"
        named = block.type if is_default else name
        if value.startswith('"') and _is_literal_secret(named, value.strip('"')):
            place = Place(block.place.path, _line(text, block, name))
            yield InlineSecret(place, named, "everybody with the repository has it")
    for inner in block.blocks:
        yield from _in_block(inner, text)


def _line(text: str, block: Block, name: str) -> int:
    lines = text.splitlines()
    for number in range(block.place.line, len(lines) + 1):
        if re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", lines[number - 1]):
            return number
    return block.place.line


def _is_literal_secret(name: str, value: str) -> bool:
    """Whether a value is a secret by its name, and is written out."""
    value = value.strip().strip("\"'")
    if not value or _COMPUTED.search(value) or is_placeholder(value) or _FILE_NAMES.search(value):
        return False
    if kind_of(value) not in {"", "password in an address"}:
        return True
    plain = name.replace("-", "_")
    if not is_secret_variable(plain) or name.endswith("_FILE"):
        return False
    return _NOT_SECRET_VALUES.fullmatch(value) is None and " " not in value
