"""Passwords: hashed with what is made to be fast, compared as they were typed, stored as they came."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from buttress.project.literals import literal_text, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_PASSWORD = lazy_pattern(
    r"(?:^|_)(?:pass(?:word|wd|phrase)?|pwd|senha|contrasena)(?:s|_?(?:bytes|raw|plain|text|str|input|encoded|utf8|field|salt|with_salt))?\Z",
    re.IGNORECASE,
)
_ABOUT = lazy_pattern("pass|pwd|senha", re.IGNORECASE)
_OTHER = lazy_pattern(
    r"confirm|repeat|again|retype|new|old|reset|token|length|[_a-z]2\Z|_?hash", re.IGNORECASE
)
_FAST = frozenset(
    f"hashlib.{name}"
    for name in (
        "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s", "new"
    )
) | {"Crypto.Hash.MD5.new", "Crypto.Hash.SHA1.new", "Crypto.Hash.SHA256.new"}  # fmt: skip
_HASH_PACKAGES = ("hashlib", "Crypto")
_SLOW = lazy_pattern(
    r"bcrypt|argon2|scrypt|pbkdf2|passlib|pwdlib|generate_password_hash|make_password|set_password|check_password",
    re.IGNORECASE,
)
_TO_SLOW = lazy_pattern(r"\b(?:bcrypt|argon2|scrypt)\b|hashpw|checkpw", re.IGNORECASE)
_HASHES = lazy_pattern(r"hash|digest|crypt|hexdigest", re.IGNORECASE)
_LEAKED = lazy_pattern(r"pwned|hibp|haveibeen", re.IGNORECASE)
_HASHING = lazy_pattern(
    r"(?:hash|verify|check|encrypt|encode|make|store)_?\w*(?:pass|pwd)|(?:pass|pwd)\w*_?hash",
    re.IGNORECASE,
)
_INPUT = lazy_pattern(
    r"form|request|data|payload|body|json|args|input|credentials|cleaned|validated|params|schema|settings|config|env|os|self|app|const|^auth(?:orization)?\Z",
    re.IGNORECASE,
)
_QUERIES = frozenset(
    ["filter_by", "filter", "get", "find_one", "find", "first", "exists", "select_by"]
)
_WHERE = lazy_pattern("where", re.IGNORECASE)
_IN_SQL = lazy_pattern(
    r"\bwhere\b[^;]*\b(?:password|passwd|pwd|user_password)\s*=\s*(?!=)", re.IGNORECASE | re.DOTALL
)
_IN_PIECE = lazy_pattern(r"\b(?:password|passwd|pwd|user_password)\s*=\s*(?!=)", re.IGNORECASE)
_SELECT = lazy_pattern(r"\s*select\b", re.IGNORECASE)
_WEAK_METHODS = frozenset(
    [
        "plain",
        "plaintext",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "ldap_md5",
        "hex_md5",
        "hex_sha1",
        "hex_sha256",
        "des_crypt",
        "unix_disabled",
    ]
)
_WEAK_HASHERS = lazy_pattern(r"(?:MD5|SHA1|Unsalted\w*|Crypt)PasswordHasher\Z")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LONGEST = 20_000
_ADDRESSES = frozenset(["db_host", "host", "hostname", "port", "server", "smtp_host"])
"""Columns that say where to log in: the password beside them is for another system."""

_COLUMNS = frozenset(["Column", "mapped_column", "CharField", "TextField", "StringField", "Field"])


def unsafe_passwords(modules: Modules) -> Iterator[tuple[Module, ast.expr | ast.stmt, str]]:
    """Yield the places where passwords are hashed too fast, compared or looked up as plain text.

    A column that holds plain passwords is named only where nothing else says so, and nothing hashes.
    """
    about = modules.spelling(_ABOUT)
    found = [item for module in about for item in _in_module(module)]
    yield from found
    if not found and not modules.spelling(_SLOW) and not modules.having("hashlib"):
        for module in about:
            for column in _columns(module):
                yield module, column, "This column holds passwords, and nothing hashes them."


def _is_fast_hash_of_password(module: Module, call: ast.Call) -> bool:
    """Whether a call hashes a password with a function that is made to be fast."""
    if module.resolve(call.func) not in _FAST:
        return False
    function = module.function(call)
    # its own name, `set_password`, does not say how
    around = function.body if isinstance(function, _FUNCTIONS) else [module.statement(call)]
    source = "\n".join(module.source(statement) for statement in around)
    if _SLOW.search(source) or _LEAKED.search(source):
        return False
    if isinstance(function, _FUNCTIONS) and _shortens(module, function):
        return False
    names = [_last(node) for argument in call.args for node in ast.walk(argument)]
    if any(_PASSWORD.search(name) and not _OTHER.search(name) for name in names if name):
        return True
    return function is not None and bool(_HASHING.search(function.name)) and bool(call.args)


def _shortens(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether all that call a function of a file hand what it makes to a slow hash (bcrypt takes 72 bytes)."""
    around = [module.function(call) for call in module.called(function.name)]
    return bool(around) and all(
        caller is not None and caller is not function and _TO_SLOW.search(module.source(caller))
        for caller in around
    )


def _in_module(module: Module) -> Iterator[tuple[Module, ast.expr | ast.stmt, str]]:
    hashed: set[ast.AST | None] = set()
    for call in _hashing_calls(module):
        if _is_fast_hash_of_password(module, call):
            hashed.add(module.function(call))
            name = (module.resolve(call.func) or "").rpartition(".")[2]
            yield module, call, f"A password is hashed with {name}, which is made to be fast."
    for call in module.called("generate_password_hash", "CryptContext"):
        if (message := _weak_setting(call)) is not None:
            yield module, call, message
    for assign in module.nodes(ast.Assign) if "PASSWORD_HASHERS" in module.text else ():
        names = {written(target) for target in assign.targets}
        if "PASSWORD_HASHERS" in names and not re.search(r"test|dev|local", module.path):
            first = strings_in(assign.value)[:1]
            if first and _WEAK_HASHERS.search(first[0]):
                yield module, assign, "The first password hasher is made to be fast."
    seen: set[ast.AST | None] = set()
    for node in _plain(module):
        function = module.function(node)
        if function in hashed or (function in seen and function is not None):
            continue
        seen.add(function)
        yield module, node, "A password is compared as it was typed, so it is stored as plain text."


def _hashing_calls(module: Module) -> Sequence[ast.Call]:
    """Return the calls among which those of fast hash functions are."""
    imports_hashes = any(binding.target.startswith(_HASH_PACKAGES) for binding in module.imports)
    return module.nodes(ast.Call) if imports_hashes else ()


def _weak_setting(call: ast.Call) -> str | None:
    name = called_name(call)
    if name == "generate_password_hash":
        given = [k.value for k in call.keywords if k.arg == "method"] + call.args[1:2]
        if any(text in _WEAK_METHODS for node in given for text in strings_in(node)):
            return "Passwords are hashed with a method that is made to be fast."
    if name == "CryptContext":
        given = [k.value for k in call.keywords if k.arg == "schemes"] + call.args[:1]
        first = [text for node in given for text in strings_in(node)][:1]
        if first and first[0] in _WEAK_METHODS:
            return "Passwords are hashed with a scheme that is made to be fast."
    return None


def _plain(module: Module) -> Iterator[ast.expr]:
    for compare in module.nodes(ast.Compare):
        if len(compare.ops) == 1 and isinstance(compare.ops[0], ast.Eq | ast.NotEq):
            left, right = compare.left, compare.comparators[0]
            if _is_plain(module, left, right) or _is_plain(module, right, left):
                yield compare
    for call in module.nodes(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _QUERIES:
            for name, value in _criteria(call):
                if _PASSWORD.search(name) and not _OTHER.search(name) and _is_typed(module, value):
                    yield call
    if module.mentions(_WHERE):
        yield from _in_sql(module)


def _criteria(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a query asks for: keywords, and the keys of a dictionary (MongoDB)."""
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg, keyword.value
    is_mongo = isinstance(call.func, ast.Attribute) and call.func.attr in {"find_one", "find"}
    for argument in call.args if is_mongo else ():
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _is_plain(module: Module, stored: ast.expr, typed: ast.expr) -> bool:
    """Whether one side is the password of a stored user and the other what somebody typed."""
    if not isinstance(stored, ast.Attribute | ast.Subscript):
        return False
    name, root = _last(stored), _root(stored)
    if not _PASSWORD.search(name) or _OTHER.search(name) or _INPUT.search(root):
        return False
    other = _last(typed)
    is_password = bool(_PASSWORD.search(other)) and not _OTHER.search(other)
    if isinstance(typed, ast.Call):
        key = typed.args[0] if typed.args else None
        is_get = called_name(typed) in {"get", "strip", "getlist"}
        text = key.value if isinstance(key, ast.Constant) else ""
        is_password = is_get and (
            bool(_PASSWORD.search(str(text))) or bool(_PASSWORD.search(_last(typed.func)))
        )
    if not is_password or ast.dump(stored) == ast.dump(typed):
        return False
    # `form.password != form.confirm` is no comparison with what is stored
    return _root(typed) != root and _is_typed(module, typed)


def _is_typed(module: Module, value: ast.expr) -> bool:
    """Whether a value is a password as it was typed, and no hash of it."""
    if isinstance(value, ast.Constant):
        return False
    if _HASHES.search(module.source(value)):
        return False
    function = module.function(value)
    if isinstance(value, ast.Name) and function is not None:
        given = [
            node.value
            for node in module.inside(function)
            if isinstance(node, ast.Assign) and any(written(t) == value.id for t in node.targets)
        ]
        return not any(_HASHES.search(module.source(item)) for item in given)
    return True


def _in_sql(module: Module) -> Iterator[ast.expr]:
    """Yield the texts of queries that ask for a password."""
    texts: dict[ast.expr, str] = {}
    for node in module.nodes(ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        if "=" not in text or len(text) > _LONGEST or not _IN_PIECE.search(text):
            continue
        if isinstance(module.parent(node), ast.Expr):
            continue  # a docstring
        top = _whole(module, node)
        if top not in texts:
            texts[top] = _text_of(top)
        if not _SELECT.match(texts[top]) or not _IN_SQL.search(texts[top]):
            continue
        function = module.function(node)
        source = module.source(function) if function is not None else ""
        if not _HASHES.search(source):
            yield node


def _whole(module: Module, node: ast.expr) -> ast.expr:
    """Return the whole expression of text that a piece belongs to."""
    above = module.parent(node)
    while isinstance(above, ast.JoinedStr | ast.BinOp):
        node = above
        above = module.parent(above)
    return node


def _text_of(node: ast.expr) -> str:
    """Return a text as far as it is written out."""
    pieces = [piece for piece in ast.walk(node) if isinstance(piece, ast.Constant)]
    pieces.sort(key=lambda piece: (piece.lineno, piece.col_offset))
    return "?".join(str(piece.value) for piece in pieces)[:_LONGEST]


def _columns(module: Module) -> Iterator[ast.stmt]:
    for klass in module.nodes(ast.ClassDef):
        bases = " ".join(module.source(base) for base in klass.bases)
        if re.search(
            r"AbstractUser|AbstractBaseUser|UserMixinWithHash|BaseModel|Form|Schema|Serializer|BaseSettings",
            bases,
        ):
            continue
        if _ADDRESSES & _fields(klass):
            continue  # what logs in elsewhere has to be told as it is
        for item in klass.body:
            if isinstance(item, ast.Assign | ast.AnnAssign) and isinstance(item.value, ast.Call):
                target = item.targets[0] if isinstance(item, ast.Assign) else item.target
                name = written(target)
                if (
                    name in {"password", "passwd", "pwd", "user_password"}
                    and called_name(item.value) in _COLUMNS
                    # what a request has to look like is kept nowhere
                    and not (module.resolve(item.value.func) or "").startswith("pydantic")
                ):
                    yield item


def _fields(klass: ast.ClassDef) -> set[str]:
    """Return the names that the body of a class gives values."""
    return {
        written(target)
        for item in klass.body
        if isinstance(item, ast.Assign | ast.AnnAssign)
        for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
    }


def _last(node: ast.AST) -> str:
    """Return the last name of an expression: of an attribute, of a key, of a plain name."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"encode", "strip", "get_secret_value"}
    ):
        return _last(node.func.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        key = node.slice
        return literal_text(key)
    return node.id if isinstance(node, ast.Name) else ""


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
