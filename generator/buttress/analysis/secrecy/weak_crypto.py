"""Cryptography that is broken, or switched off: hashes, ciphers, keys, certificates nobody checks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.secrecy.keyed_hashes import forgeable_signatures
from buttress.analysis.secrecy.unchecked_commands import unchecked_commands
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SWITCHES = frozenset({"verify", "verify_ssl", "ssl", "cert_reqs"})
_NO_CHECKS = "ssl._create_unverified_context"
_NAMED_HASH = "hashlib.new"
_WEAK_HASHES = {
    "hashlib.md5": "MD5", "hashlib.sha1": "SHA-1", "hashlib.md4": "MD4",
    "Crypto.Hash.MD5.new": "MD5", "Cryptodome.Hash.MD5.new": "MD5", "Crypto.Hash.SHA1.new": "SHA-1",
    "Crypto.Hash.SHA.new": "SHA-1", "cryptography.hazmat.primitives.hashes.MD5": "MD5",
    "cryptography.hazmat.primitives.hashes.SHA1": "SHA-1",
}  # fmt: skip
_CIPHERS = {
    **{
        f"{package}.Cipher.{name}.new": name
        for package in ("Crypto", "Cryptodome")
        for name in ("DES", "DES3", "ARC2", "ARC4", "Blowfish", "CAST", "XOR")
    },
    **{
        f"cryptography.hazmat.{where}.ciphers.algorithms.{name}": name
        for where in ("primitives", "decrepit")
        for name in ("ARC4", "TripleDES", "Blowfish", "IDEA", "SEED", "CAST5", "RC2")
    },
    "cryptography.hazmat.primitives.ciphers.modes.ECB": "ECB mode",
    "pyDes.des": "DES",
}
_ECB = lazy_pattern(r"\.MODE_ECB\Z")
_KEYS = {
    "Crypto.PublicKey.RSA.generate": 0, "Cryptodome.PublicKey.RSA.generate": 0,
    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key": 1,
    "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key": 0,
}  # fmt: skip
_CALLS = frozenset({*_WEAK_HASHES, *_CIPHERS, *_KEYS, _NO_CHECKS, _NAMED_HASH})
_SMALLEST_KEY = 2048
_SECURITY = lazy_pattern(
    r"passw|pwd|secret|token|signature|hmac|(?:^|_)sign(?:$|_|ed)|otp(?:$|_)|csrf|api_?key|credential|session_?id"
    r"|auth_?(?:key|hash|code)|reset_",
    re.IGNORECASE,
)
_SESSION_ID = lazy_pattern(r"session_?id", re.IGNORECASE)
_MAKES = lazy_pattern(
    r"_*(?:hash|sign|generate|make|create|encrypt|encode|verify|get|new|compute)", re.IGNORECASE
)
_PASSWORDS = lazy_pattern(r"passw|pwd", re.IGNORECASE)
_HARMLESS = lazy_pattern(r"gravatar|etag|checksum|fingerprint|cache|digest|dedup|color|colour|avatar|content_hash|file_hash", re.IGNORECASE)  # fmt: skip
_CLIENTS = lazy_pattern(r"(?:requests|httpx|aiohttp|urllib3|websockets)\b")
_VERBS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "ws_connect"])  # fmt: skip
_SSL_VERSIONS = lazy_pattern(r"ssl\.PROTOCOL_(?:SSLv2|SSLv3|TLSv1|TLSv1_1)\Z")


def weak_cryptography(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield what is broken or switched off, each with a sentence about it.

    A weak hash counts where names around it speak of secrets; where it only tells contents apart it does
    not. A password that is hashed with one belongs to the check of passwords.
    """
    for module, call in _with_switch(modules):
        found = _unverified(module, call) or _of_call(module, call)
        if found is not None:
            yield module, call, found
    for module, call in modules.calls(*_CALLS):
        if not _switches(call):
            found = _of_call(module, call)
            if found is not None:
                yield module, call, found
    for module, call in forgeable_signatures(modules):
        message = "A hash of a secret and a text can be forged for a longer text; use hmac."
        yield module, call, message
    for module, node in unchecked_commands(modules):
        yield module, node, "This command does not check the certificate of the server."
    for module in modules.having("MODE_ECB"):
        for attribute in module.nodes(ast.Attribute):
            if attribute.attr == "MODE_ECB" and _ECB.search(module.resolve(attribute) or ""):
                message = "ECB encrypts equal blocks to equal blocks, so patterns stay visible."
                yield module, attribute, message
    for module in modules.having("CERT_NONE", "PROTOCOL_"):
        yield from ((module, node, message) for node, message in _contexts(module))


def _with_switch(modules: Modules) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls that say whether certificates are checked."""
    for module in modules.having(*_SWITCHES):
        for call in module.nodes(ast.Call):
            if call.keywords and _switches(call):
                yield module, call


def _switches(call: ast.Call) -> bool:
    return any(keyword.arg in _SWITCHES for keyword in call.keywords)


def _of_call(module: Module, call: ast.Call) -> str | None:
    dotted = module.resolve(call.func)
    if dotted is None:
        return None
    if dotted == _NO_CHECKS:
        return "This context takes any certificate."
    if dotted in _CIPHERS:
        return f"{_CIPHERS[dotted]} is broken; use AES-GCM or Fernet."
    if dotted in _KEYS:
        return _small_key(call, _KEYS[dotted])
    name = _WEAK_HASHES.get(dotted)
    if dotted == _NAMED_HASH and call.args and isinstance(call.args[0], ast.Constant):
        asked = str(call.args[0].value).lower().replace("-", "")
        name = {"md5": "MD5", "sha1": "SHA-1", "md4": "MD4"}.get(asked)
    if name is None or _keyword(call, "usedforsecurity") is False:
        return None
    return (
        f"{name} protects a secret here, and can be forged."
        if _guards_secret(module, call)
        else None
    )


def _keyword(call: ast.Call, name: str) -> object:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value
    return None


def _unverified(module: Module, call: ast.Call) -> str | None:
    last = called_name(call)
    is_client = bool(_CLIENTS.search(module.resolve(call.func) or "")) or (
        last in _VERBS and bool(_CLIENTS.search(module.text))
    )
    if last in {"TCPConnector", "ClientSession", "Client", "AsyncClient", "PoolManager"}:
        is_client = True
    if not is_client:
        return None
    is_off = any(_keyword(call, name) is False for name in ("verify", "verify_ssl", "ssl"))
    is_off = is_off or _keyword(call, "cert_reqs") == "CERT_NONE"
    return "The certificate of the server is not checked." if is_off else None


def _small_key(call: ast.Call, position: int) -> str | None:
    given = call.args[position] if len(call.args) > position else next(
        (k.value for k in call.keywords if k.arg in {"key_size", "bits"}), None
    )  # fmt: skip
    size = given.value if isinstance(given, ast.Constant) else None
    if isinstance(size, int) and size < _SMALLEST_KEY:
        return f"A key of {size} bits can be broken; use {_SMALLEST_KEY} or more."
    return None


def _guards_secret(module: Module, call: ast.Call) -> bool:
    statement = module.statement(call)
    function = module.function(call)
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    near = _words(
        module.source(statement) if not hasattr(statement, "body") else module.source(call)
    )
    around = function.name if function is not None else ""
    if _HARMLESS.search(near) or _HARMLESS.search(around):
        return False
    given = " ".join(module.source(argument) for argument in call.args)
    if _PASSWORDS.search(given):
        return False  # the check of passwords says so
    # whose session it is for tells apart; the id of a session that is made here lets in
    near = near.replace(given, _SESSION_ID.sub("", given)) if given else near
    if _SECURITY.search(near) or (_MAKES.match(around) and _SECURITY.search(around)):
        return True
    # what is hashed in parts, and kept in a file or table of passwords
    return function is not None and bool(_PASSWORDS.search(_strings(module, function)))


def _words(text: str) -> str:
    return re.sub(r"hashlib|hexdigest|usedforsecurity", "", text)


def _strings(module: Module, function: ast.AST) -> str:
    found = [
        node.value
        for node in module.inside(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return " ".join(found)


def _contexts(module: Module) -> Iterator[tuple[ast.expr, str]]:
    for assignment in module.nodes(ast.Assign):
        for target in assignment.targets:
            if not isinstance(target, ast.Attribute):
                continue
            value = assignment.value
            if target.attr == "verify_mode" and module.resolve(value) == "ssl.CERT_NONE":
                yield target, "The certificate of the server is not checked."
    for call in module.nodes(ast.Call):
        if (module.resolve(call.func) or "") in {"ssl.SSLContext", "ssl.wrap_socket"}:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(_SSL_VERSIONS.match(module.resolve(value) or "") for value in given):
                yield call, "This version of SSL or TLS is broken; use ssl.create_default_context()."
