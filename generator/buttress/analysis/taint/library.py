"""What is known of functions that are not the project's own: what they pass on, and what they make safe."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from buttress.analysis.taint.sinks import ALL, BIT, Kind, bits

TEXTS = bits(
    Kind.SQL,
    Kind.CODE,
    Kind.SHELL,
    Kind.TEMPLATE,
    Kind.LDAP,
    Kind.XPATH,
    Kind.PATH,
    Kind.HTML,
    Kind.SCRIPT,
)
"""Sinks that need certain characters to do harm."""

CLEAN_FUNCTIONS = frozenset(
    [f"builtins.{n}" for n in (
        "int", "float", "len", "bool", "abs", "round", "ord", "hash", "range", "id", "isinstance",
        "callable", "hasattr", "any", "all", "type", "complex", "divmod", "pow", "issubclass",
    )]
    + ["uuid.UUID", "uuid.uuid4", "uuid.uuid1", "datetime.datetime.now", "datetime.datetime.utcnow",
       "datetime.datetime.fromisoformat", "datetime.date.fromisoformat", "datetime.datetime.strptime",
       "datetime.timedelta", "decimal.Decimal", "time.time", "bson.ObjectId", "bson.objectid.ObjectId",
       "os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "re.match", "re.fullmatch",
       "re.search", "hmac.compare_digest", "secrets.compare_digest", "ipaddress.ip_address",
       "werkzeug.security.check_password_hash", "werkzeug.security.generate_password_hash",
       "passlib.hash.bcrypt.hash", "bcrypt.hashpw", "bcrypt.checkpw", "dateutil.parser.parse",
       "hashlib.md5", "hashlib.sha1", "hashlib.sha256", "hashlib.sha512", "hashlib.new",
       "django.shortcuts.get_object_or_404", "flask.url_for", "django.urls.reverse", "django.shortcuts.render",
       "flask.render_template", "flask.jsonify", "mimetypes.guess_type", "logging.getLogger"]
)  # fmt: skip
"""What they return is nothing that a client wrote."""

MADE_SAFE: dict[str, int] = {
    # sinks themselves: what is wrong with a value was said there
    **dict.fromkeys(
        ["sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text", "sqlmodel.text"], bits(Kind.SQL)
    ),
    **dict.fromkeys(
        ["markupsafe.Markup", "flask.Markup", "jinja2.Markup", "django.utils.safestring.mark_safe",
         "flask.make_response", "flask.Response", "flask.render_template_string"],
        bits(Kind.HTML),
    ),
    "shlex.quote": bits(Kind.SHELL),
    "pipes.quote": bits(Kind.SHELL),
    **dict.fromkeys(
        ["html.escape", "markupsafe.escape", "flask.escape", "django.utils.html.escape", "cgi.escape",
         "bleach.clean", "nh3.clean", "nh3.clean_text", "django.utils.html.conditional_escape",
         "xml.sax.saxutils.escape", "django.utils.html.strip_tags", "django.utils.html.format_html"],
        bits(Kind.HTML),
    ),
    **dict.fromkeys(
        ["werkzeug.utils.secure_filename", "werkzeug.secure_filename", "os.path.basename", "ntpath.basename",
         "posixpath.basename", "django.utils.text.get_valid_filename", "werkzeug.utils.safe_join",
         "flask.safe_join", "werkzeug.security.safe_join", "pathvalidate.sanitize_filename",
         "django.utils._os.safe_join"],
        bits(Kind.PATH),
    ),
    **dict.fromkeys(
        ["django.utils.html.escapejs", "flask.json.htmlsafe_dumps"], bits(Kind.SCRIPT)
    ),
    "django.utils.text.slugify": TEXTS,
    "slugify.slugify": TEXTS,
    **dict.fromkeys(
        ["urllib.parse.quote", "urllib.parse.quote_plus", "urllib.parse.urlencode", "requests.utils.quote"],
        bits(Kind.HTML, Kind.SQL, Kind.XPATH, Kind.URL, Kind.REDIRECT, Kind.LDAP, Kind.SCRIPT),
    ),
    **dict.fromkeys(
        ["base64.b64encode", "base64.urlsafe_b64encode", "binascii.hexlify", "base64.b32encode",
         "base64.standard_b64encode"],
        TEXTS | bits(Kind.URL, Kind.REDIRECT),
    ),
    **dict.fromkeys(
        ["ldap.filter.escape_filter_chars", "ldap3.utils.conv.escape_filter_chars", "ldap.dn.escape_dn_chars",
         "ldap3.utils.dn.escape_rdn"],
        bits(Kind.LDAP),
    ),
    **dict.fromkeys(
        ["json.dumps", "flask.json.dumps", "orjson.dumps", "ujson.dumps"],
        bits(Kind.CODE, Kind.URL, Kind.REDIRECT, Kind.PATH, Kind.OBJECT, Kind.SCRIPT),
    ),
    **dict.fromkeys(["ast.literal_eval"], bits(Kind.CODE)),
    "re.escape": bits(Kind.PATTERN),
    **dict.fromkeys(
        ["psycopg.sql.Identifier", "psycopg.sql.Literal", "psycopg2.sql.Identifier", "psycopg2.sql.Literal",
         "sqlalchemy.bindparam", "pymysql.converters.escape_string", "sqlalchemy.column"],
        bits(Kind.SQL),
    ),
}  # fmt: skip
"""Functions whose result is fit for some kinds of sinks."""

UNDONE: dict[str, int] = {
    **dict.fromkeys(["html.unescape", "xml.sax.saxutils.unescape"], bits(Kind.HTML)),
    **dict.fromkeys(
        ["urllib.parse.unquote", "urllib.parse.unquote_plus"],
        bits(Kind.HTML, Kind.SQL, Kind.XPATH, Kind.URL, Kind.REDIRECT, Kind.LDAP, Kind.SCRIPT),
    ),
    **dict.fromkeys(
        ["base64.b64decode", "base64.urlsafe_b64decode", "binascii.unhexlify", "base64.b32decode",
         "base64.standard_b64decode", "base64.decodebytes", "base64.decodestring"],
        TEXTS | bits(Kind.URL, Kind.REDIRECT),
    ),
    "json.loads": bits(Kind.CODE, Kind.URL, Kind.REDIRECT, Kind.PATH, Kind.OBJECT, Kind.SCRIPT),
}  # fmt: skip
"""Functions that take back what others made safe."""

IN_ONE_LINE = frozenset(
    ["builtins.repr", "builtins.ascii", "json.dumps", "flask.json.dumps", "orjson.dumps", "ujson.dumps",
     "urllib.parse.quote", "urllib.parse.quote_plus", "urllib.parse.urlencode", "requests.utils.quote",
     "base64.b64encode", "base64.urlsafe_b64encode", "binascii.hexlify", "werkzeug.utils.secure_filename",
     "django.utils.text.slugify", "slugify.slugify"]
)  # fmt: skip
"""Functions whose result holds no line break."""

PASSED_ON = frozenset(
    [f"builtins.{n}" for n in (
        "list", "tuple", "set", "sorted", "reversed", "iter", "next", "zip", "enumerate", "filter", "map",
        "bytes", "bytearray", "max", "min", "sum", "dict", "frozenset", "repr", "format", "getattr",
        "memoryview", "ascii",
    )]
    + ["copy.copy", "copy.deepcopy", "json.loads", "os.path.join", "os.path.normpath", "os.path.abspath",
       "os.path.realpath", "os.path.expanduser", "os.path.split", "os.path.splitext", "os.path.dirname",
       "os.fspath", "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath", "textwrap.dedent", "codecs.decode",
       "codecs.encode", "urllib.parse.urlparse", "urllib.parse.urlsplit", "urllib.parse.urljoin",
       "urllib.parse.urlunparse", "urllib.parse.parse_qs", "urllib.parse.parse_qsl", "io.StringIO", "io.BytesIO",
       "re.sub", "re.split", "re.findall", "itertools.chain", "string.Template", "typing.cast", "asyncio.wait_for",
       "starlette.concurrency.run_in_threadpool", "django.utils.encoding.force_str", "urllib.request.url2pathname",
       "django.utils.encoding.smart_str", "pydantic.parse_obj_as", "collections.OrderedDict", "markdown.markdown",
       "collections.defaultdict", "urllib.request.Request", "unicodedata.normalize",
       "types.SimpleNamespace",
       "string.Template().substitute", "string.Template().safe_substitute", "functools.partial"]
)  # fmt: skip
"""What they return comes from what they are given."""

FOLDED: dict[str, Callable[..., object]] = {
    "builtins.len": len,
    "builtins.int": int,
    "builtins.float": float,
    "builtins.bool": bool,
    "builtins.abs": abs,
    "builtins.ord": ord,
    "builtins.chr": chr,
    "builtins.max": max,
    "builtins.min": min,
    "builtins.round": round,
    "builtins.hex": hex,
    "base64.b64encode": base64.b64encode,
    "base64.b64decode": base64.b64decode,
    "html.escape": html.escape,
    "urllib.parse.quote": quote,
    "urllib.parse.quote_plus": quote_plus,
    "urllib.parse.unquote": unquote,
    "urllib.parse.unquote_plus": unquote_plus,
}
"""Functions that are worked out where all arguments are known; they are pure and cheap."""

FOLDED_METHODS = frozenset(
    ["upper", "lower", "strip", "lstrip", "rstrip", "title", "capitalize", "swapcase", "replace", "split",
     "startswith", "endswith", "find", "rfind", "index", "count", "encode", "decode", "isdigit", "isalpha",
     "isalnum", "removeprefix", "removesuffix", "rsplit", "partition", "rpartition", "casefold",
     "isupper", "islower", "isnumeric", "splitlines"]
)  # fmt: skip
"""Methods of text that are worked out where all is known."""

TEXT_METHODS = frozenset(
    [*FOLDED_METHODS, "format", "join", "zfill", "center", "ljust", "rjust", "expandtabs", "translate", "format_map"]
) - {"startswith", "endswith", "find", "rfind", "index", "count", "isdigit", "isalpha", "isalnum",
     "isupper", "islower", "isnumeric"}  # fmt: skip
"""Methods of text that return what was in it."""

TELLING_METHODS = frozenset(
    ["startswith", "endswith", "find", "rfind", "index", "count", "isdigit", "isalpha", "isalnum", "isupper",
     "islower", "isnumeric", "isdecimal", "isidentifier", "isspace", "is_relative_to", "exists", "is_file", "is_dir",
     "__len__", "__contains__", "isoformat", "timestamp", "save", "close", "seek", "tell", "is_valid", "total_seconds",
     "is_json", "fullmatch", "match", "has_key"]
)  # fmt: skip
"""Methods that only tell something about a value."""

BUILTIN_METHODS = frozenset(
    name for kind in (str, bytes, list, dict, set) for name in dir(kind) if not name.startswith("_")
) | {"execute", "add", "commit", "save", "run", "send", "close", "read", "write", "filter", "all", "first", "query"}  # fmt: skip
"""Methods that so many objects have that a name says nothing of whose they are."""

CLEAN_ATTRIBUTES = frozenset(
    ["suffix", "year", "month", "day", "hour", "minute", "second", "size", "content_length", "port",
     "__class__", "__name__", "mimetype", "method", "status_code", "ok", "elapsed"]
)  # fmt: skip
"""Attributes that hold no text of a client's choice, or only an ending."""

CHECKING_METHODS = {
    **dict.fromkeys(
        ["isdigit", "isnumeric", "isdecimal", "isalnum", "isalpha", "isidentifier"],
        ALL & ~BIT[Kind.SESSION],  # an account of its choice may be a number
    ),
    **dict.fromkeys(["fullmatch", "match"], ALL),
    **dict.fromkeys(["is_relative_to", "relative_to"], bits(Kind.PATH)),
}
"""Methods whose ``True`` says that a value is harmless."""
