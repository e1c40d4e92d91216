"""Where a value does harm: the calls, and which of their arguments it reaches them by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What becomes of a value at a sink."""

    SQL = "sql"
    CODE = "code"
    SHELL = "shell"
    TEMPLATE = "template"
    LDAP = "ldap"
    XPATH = "xpath"
    PATH = "path"
    URL = "url"
    REDIRECT = "redirect"
    HTML = "html"
    OBJECT = "object"
    XML = "xml"
    SESSION = "session"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    SCRIPT = "script"
    PATTERN = "pattern"
    SLOW = "slow"
    LOG = "log"
    QUERY = "query"


BIT: dict[Kind, int] = {kind: 1 << number for number, kind in enumerate(Kind)}
"""The bit of each kind, for what a value is made fit for."""

ALL = (1 << len(BIT)) - 1
"""Fit for everything."""


def bits(*kinds: Kind) -> int:
    """Return the bits of several kinds."""
    return sum(BIT[kind] for kind in kinds)


@dataclass(frozen=True, slots=True)
class Sink:
    """A call that must not be given what a client sends.

    Attributes:
        kind: What becomes of it.
        positions: The arguments that matter, by position.
        keywords: The same by name.
        condition: What else has to hold of the call, as a name known to the engine.
    """

    kind: Kind
    positions: tuple[int, ...] = (0,)
    keywords: tuple[str, ...] = ()
    condition: str = ""


def _all(sink: Sink, *names: str) -> dict[str, Sink]:
    return dict.fromkeys(names, sink)


_MATCHING = (
    "compile",
    "match",
    "fullmatch",
    "search",
    "findall",
    "finditer",
    "split",
    "sub",
    "subn",
)
_RUNS = [f"subprocess.{n}" for n in ("run", "call", "check_call", "check_output", "Popen")]
_VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
_SPAWNS = [f"os.{n}" for n in ("spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve")]
_EXECS = [f"os.{n}" for n in ("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp")]

FUNCTIONS: dict[str, Sink] = {
    **_all(
        Sink(Kind.SQL, (0,), ("sql", "text"), "part"),
        "sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text", "sqlmodel.text",
        "django.db.models.expressions.RawSQL",
    ),
    **_all(Sink(Kind.SQL, (0,), ("sql",)), "pandas.read_sql", "pandas.read_sql_query"),
    **_all(Sink(Kind.CODE), "builtins.eval", "builtins.exec", "builtins.compile"),
    **_all(Sink(Kind.CODE, (0,), ("name",), "module"), "builtins.__import__", "importlib.import_module"),
    **_all(Sink(Kind.CODE), "builtins.globals().get"),
    **_all(Sink(Kind.CODE), "PIL.ImageMath.eval", "PIL.ImageMath.unsafe_eval", "code.interact", "code.InteractiveInterpreter().runcode"),
    **_all(Sink(Kind.SHELL, (0,), ("command", "cmd")), "os.system", "os.popen"),
    **_all(Sink(Kind.SHELL, (0,), ("cmd",)), "subprocess.getoutput", "subprocess.getstatusoutput"),
    **_all(Sink(Kind.SHELL, (0,), ("cmd",)), "asyncio.create_subprocess_shell"),
    **_all(Sink(Kind.SHELL, (0,), ("args",), "shell"), *_RUNS),
    **_all(Sink(Kind.SHELL, (0, 1, 2, 3, 4)), "asyncio.create_subprocess_exec", *_SPAWNS, *_EXECS),
    **_all(Sink(Kind.TEMPLATE, (0,), ("source",)), "flask.render_template_string", "jinja2.Template"),
    **_all(Sink(Kind.TEMPLATE), "django.template.Template", "mako.template.Template"),
    **_all(Sink(Kind.TEMPLATE), "quart.render_template_string", "jinja2.Environment().from_string"),
    **_all(Sink(Kind.TEMPLATE), "jinja2.sandbox.NativeEnvironment().from_string"),
    **_all(Sink(Kind.XPATH, (1,), ("path",)), "elementpath.select", "elementpath.iter_select"),
    **_all(Sink(Kind.XPATH, (0,), ("path",)), "lxml.etree.XPath", "lxml.etree.ETXPath"),
    **_all(
        Sink(Kind.PATH, (0,), ("file", "path", "filename", "path_or_file", "filename_or_fp", "name")),
        "builtins.open", "io.open", "codecs.open", "aiofiles.open", "os.open", "os.remove", "os.unlink",
        "os.listdir", "os.scandir", "os.rmdir", "os.mkdir", "os.makedirs", "os.walk", "os.removedirs",
        "shutil.rmtree", "os.stat", "gzip.open", "os.startfile",
        "zipfile.ZipFile", "tarfile.open", "flask.send_file", "quart.send_file", "os.path.getsize",
        "fastapi.responses.FileResponse", "starlette.responses.FileResponse",
    ),
    **_all(Sink(Kind.PATH, (0,), ("path", "s"), "asked"), "os.path.exists", "os.path.isfile", "os.path.isdir"),
    **_all(Sink(Kind.PATH, (0, 1)), "shutil.copy", "shutil.copyfile", "shutil.copy2", "shutil.move"),
    **_all(Sink(Kind.PATH, (0, 1)), "os.rename", "os.replace", "shutil.copytree"),
    **_all(Sink(Kind.PATH, (0,), ("directory",)), "flask.send_from_directory"),
    **_all(
        Sink(Kind.URL, (0,), ("url",)),
        *(f"{client}.{verb}" for client in ("requests", "httpx") for verb in _VERBS),
        *(f"{client}().{verb}" for client in (
            "requests.Session", "requests.session", "httpx.Client", "httpx.AsyncClient",
            "aiohttp.ClientSession",
        ) for verb in _VERBS),
        "urllib.request.urlopen", "urllib.request.Request", "urllib.request.urlretrieve",
        "urllib2.urlopen", "httpx.stream", "websockets.connect", "wget.download",
    ),
    **_all(Sink(Kind.URL, (1,), ("url",)), "requests.request", "httpx.request"),
    **_all(Sink(Kind.URL, (1,), ("url",)), "requests.Session().request", "httpx.Client().request"),
    **_all(Sink(Kind.URL, (1,), ("url",)), "httpx.AsyncClient().request", "urllib3.PoolManager().request"),
    **_all(Sink(Kind.URL, (1,), ("url",)), "aiohttp.ClientSession().request", "httpx.AsyncClient().stream"),
    **_all(
        Sink(Kind.REDIRECT, (0,), ("location", "url", "to", "redirect_to")),
        "flask.redirect", "quart.redirect", "werkzeug.utils.redirect", "django.shortcuts.redirect",
        "django.http.HttpResponseRedirect", "django.http.HttpResponsePermanentRedirect",
        "fastapi.responses.RedirectResponse", "starlette.responses.RedirectResponse",
    ),
    **_all(
        Sink(Kind.HTML, (0,), ("content", "response"), "html"),
        "flask.make_response", "flask.Response", "quart.Response", "quart.make_response",
        "werkzeug.wrappers.Response", "django.http.HttpResponse",
        "django.http.HttpResponseBadRequest", "django.http.HttpResponseNotFound",
        "django.http.HttpResponseForbidden", "django.http.HttpResponseServerError",
    ),
    **_all(
        Sink(Kind.HTML, (0,), ("content", "s")),
        "fastapi.responses.HTMLResponse", "starlette.responses.HTMLResponse", "markupsafe.Markup",
        "flask.Markup", "jinja2.Markup", "django.utils.safestring.mark_safe",
        "django.utils.safestring.SafeString",
    ),
    **_all(
        Sink(Kind.OBJECT, (0,), ("data", "file", "s", "string", "f")),
        "pickle.loads", "pickle.load", "cPickle.loads", "_pickle.loads", "dill.loads", "dill.load",
        "cloudpickle.loads", "cloudpickle.load", "marshal.loads", "marshal.load", "jsonpickle.decode",
        "joblib.load", "pandas.read_pickle", "shelve.open", "yaml.unsafe_load", "yaml.unsafe_load_all",
        "pickle.Unpickler", "jsonpickle.loads", "numpy.load.pickle",
    ),
    **_all(Sink(Kind.OBJECT, (0,), ("stream",), "yaml"), "yaml.load", "yaml.load_all"),
    **_all(Sink(Kind.OBJECT, (0,), ("f",), "torch"), "torch.load"),
    **_all(Sink(Kind.PATTERN, (0,), ("pattern",)), *(f"re.{name}" for name in _MATCHING)),
    **_all(
        Sink(Kind.XML, (0,), ("text", "source"), "xml"),
        "lxml.etree.fromstring", "lxml.etree.parse", "lxml.etree.XML", "xml.sax.parse",
        "xml.sax.parseString", "xml.dom.minidom.parse", "xml.dom.minidom.parseString",
        "xml.dom.pulldom.parse", "xml.dom.pulldom.parseString",
    ),
}  # fmt: skip
"""Sinks by dotted name; ``()`` behind a name stands for what a call of it returns."""

METHODS: dict[str, Sink] = {
    **_all(
        Sink(Kind.SQL, (0,), ("sql", "query", "statement", "operation")),
        "execute", "executemany", "executescript", "raw", "fetch", "fetchrow", "fetchval", "fetch_all",
        "fetch_one", "read_sql", "read_sql_query", "exec_driver_sql",
    ),
    "extra": Sink(Kind.SQL, (), ("where", "select"), "list"),
    "from_string": Sink(Kind.TEMPLATE, (0,), ("source",), "jinja"),
    "xpath": Sink(Kind.XPATH, (0,), ()),
    "search": Sink(Kind.LDAP, (0, 1), ("search_filter", "search_base"), "ldap"),
    "search_s": Sink(Kind.LDAP, (0, 2), ("filterstr", "base"), "ldap"),
    "search_ext_s": Sink(Kind.LDAP, (0, 2), ("filterstr", "base"), "ldap"),
    "open_connection": Sink(Kind.URL, (0,), ("url",)),
    "exec_command": Sink(Kind.SHELL, (0,), ("command",)),
}  # fmt: skip
"""Sinks that are known by the name of a method, whatever object it is called on."""

RENDERERS = frozenset(["render_template", "render", "render_to_string", "TemplateResponse"])
"""Functions and methods that fill in a template, given its name and what it is filled with."""

PATH_METHODS = frozenset(
    ["open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "exists", "is_file",
     "is_dir", "iterdir", "mkdir", "rmdir", "touch", "stat", "glob", "rglob", "rename", "replace"]
)  # fmt: skip
"""Methods of a ``pathlib.Path`` that go to the disk."""

QUESTIONS = frozenset(["exists", "is_file", "is_dir"])
"""Those of them that only ask."""

HINTS: tuple[str, ...] = (
    "execute", "text(", ".raw(", "read_sql", "RawSQL", ".fetch", ".extra(", "eval(", "exec(", "compile(",
    "import_module", "os.system", "popen", "Popen", "subprocess", "_shell(", "getoutput", "spawn",
    "render_template_string", "Template(", "from_string", "xpath", "XPath", "elementpath", "ldap",
    "open(", "os.remove", "unlink(", "shutil", "os.startfile", "send_file", "send_from_directory", "FileResponse",
    "listdir", "makedirs", "Path(", "requests.", "httpx", "aiohttp", "urlopen", "urllib.request", "urlretrieve",
    "redirect(", "Redirect", "make_response", "Response(", "HTMLResponse", "Markup", "mark_safe", "pickle",
    "marshal", "dill", "joblib", "yaml.", "torch.load", "lxml", "xml.", "session[", ".route(", "exec_command",
    "os.path.exists", "os.path.isfile", "scandir", "zipfile", "tarfile", "os.rename", "os.mkdir",
)  # fmt: skip
"""A file that holds none of these holds no sink."""
