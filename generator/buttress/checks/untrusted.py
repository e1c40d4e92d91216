"""Checks of what clients choose: files, addresses, pages, objects, who they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.unsigned_cookies import believed_cookies
from buttress.analysis.requests.page_templates import ENVIRONMENT_WORD, unescaping_environments
from buttress.analysis.requests.printed_requests import printed_requests
from buttress.analysis.requests.stored_html import stored_html
from buttress.analysis.taint import Kind as Sink
from buttress.analysis.taint.markup import Spot
from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.templates import templates_of
from buttress.checks.injection import client_flows
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.literals import literal_text, written
from buttress.project.model import Place, Role

_READ_AS = {
    Spot.CODE: "becomes part of a script here, where escaped text is code like any other.",
    Spot.HANDLER: "is run as code here: the browser takes back what was escaped before it runs it.",
    Spot.BARE: "ends this attribute with a space, and goes on with others: it has no quotes.",
    Spot.ADDRESS: "is followed as an address here, `javascript:` and all.",
    Spot.TEXT: "is printed here as HTML.",
}


@check(
    "SEC-PATH-TRAVERSAL",
    "A client chooses which file is used",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-22", "OWASP A01:2025"),
    peers=(
        "semgrep:python.flask.security.injection.path-traversal-open.path-traversal-open",
        "semgrep:python.django.security.injection.path-traversal.path-traversal-open.path-traversal-open",
        "semgrep:path-traversal-join",
        "semgrep:path-traversal-file-name",
        "semgrep:request-data-fileresponse",
    ),
)
def path_traversal(subject: Subject) -> Iterator[Finding]:
    """A name or path that a client sends is opened, written, sent or deleted.

    ``../../etc/passwd`` leaves the folder that was meant. ``secure_filename``, names that are checked
    against a list, and paths that are resolved and compared with their folder are fine; so is a part of
    the URL that cannot hold a ``/``.

    Bad::

        return FileResponse(UPLOADS / name)

    Good::

        path = (UPLOADS / name).resolve()
        if not path.is_relative_to(UPLOADS):
            raise HTTPException(404)
        return FileResponse(path)
    """
    seen = set()
    for flow in client_flows(subject, Sink.PATH):
        cause = (flow.source[1], flow.entry)
        if cause in seen:
            continue  # one name, used again
        seen.add(cause)
        yield subject.finding(flow.module, flow.node, "What a client sends chooses this file.")


@check(
    "SEC-SSRF",
    "A client chooses which address is fetched or redirected to",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-918", "CWE-601", "OWASP A01:2025", "OWASP API7:2023"),
    peers=(
        "semgrep:python.flask.security.injection.ssrf-requests.ssrf-requests",
        "semgrep:python.django.security.injection.ssrf.ssrf-injection-requests.ssrf-injection-requests",
        "semgrep:python.flask.security.open-redirect.open-redirect",
        "semgrep:python.django.security.injection.open-redirect.open-redirect",
        "semgrep:ssrf-injection-urllib",
        "semgrep:dynamic-urllib-use-detected",
    ),
)
def ssrf(subject: Subject) -> Iterator[Finding]:
    """The host of an address that the server fetches, or sends the browser to, comes from the client.

    The server reaches what the client cannot (``http://169.254.169.254/``); a link to this app that ends
    on a stranger's page is believed. A host that the code wrote, or that is compared, is fine.

    Bad::

        return redirect(request.args["next"])

    Good::

        if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
            target = "/"
        return redirect(target)
    """
    for flow in client_flows(subject, Sink.URL, Sink.REDIRECT):
        if flow.kind is Sink.URL:
            message = "What a client sends chooses the host that the server connects to."
        else:
            message = "What a client sends chooses where the browser is redirected to."
        yield subject.finding(flow.module, flow.node, message)


@check(
    "SEC-XSS",
    "Input becomes part of a page without being escaped",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-79", "OWASP A05:2025"),
    peers=(
        "bandit:B701",
        "bandit:B703",
        "bandit:B704",
        "ruff:S701",
        "ruff:S308",
        "ruff:S704",
        "semgrep:python.flask.security.injection.raw-html-concat.raw-html-format",
        "semgrep:python.django.security.injection.raw-html-format.raw-html-format",
        "semgrep:explicit-unescape-with-markup",
        "semgrep:directly-returned-format-string",
        "semgrep:avoid-mark-safe",
        "semgrep:direct-use-of-httpresponse",
        "semgrep:reflected-data-httpresponse",
        "semgrep:template-unescaped-with-safe",
        "semgrep:template-autoescape-off",
    ),
)
def xss(subject: Subject) -> Iterator[Finding]:
    """What a client sends is sent back as HTML, past the templates that would escape it, at once or later.

    A link, or a text that was stored, with a script in it then runs as the user who opens the page.
    ``escape``, cleaned HTML, JSON and files are fine. So that templates escape, an environment of
    Jinja has to be told to: ``autoescape`` is off by default. Escaping does not help in a script,
    in ``onclick`` and its like, in an attribute without quotes, and at the beginning of a link.

    Bad::

        return f"<h1>Hello {request.args['name']}</h1>"

    Good::

        return render_template("hello.html", name=request.args["name"])
    """
    for flow in client_flows(subject, Sink.HTML):
        if flow.printed is None:
            message = "What a client sends becomes HTML without being escaped."
            yield subject.finding(flow.module, flow.node, message)
        else:
            yield _printed(flow.printed, "What a client sends")
    for module in subject.modules(Role.APP).having(ENVIRONMENT_WORD):
        for call in unescaping_environments(module):
            yield subject.finding(
                module, call, "Pages are filled in here without escaping: autoescape is off."
            )
    below = f"{subject.service.root}/" if subject.service.root else ""
    for place in printed_requests(templates_of(subject.project.tree)):
        if place.path.startswith(below):
            yield _printed(place, "What a client sends")
    for place in stored_html(subject.project, subject.service, subject.modules(Role.APP)):
        if place.path.startswith(below):
            name = str(place.names[-1])
            if place.is_raw:
                message = f"What users write into {name} is printed here as HTML."
                yield Finding(Place(place.path, place.line), message, "", f"stored {name}")
            else:
                yield _printed(place, f"What users write into {name}")


def _printed(printed: Printed, what: str) -> Finding:
    """Return a finding at a place of a template where escaping does not help."""
    name = ".".join(str(part) for part in printed.names)
    read_as = _READ_AS[Spot.TEXT if printed.is_raw else printed.spot]
    return Finding(Place(printed.path, printed.line), f"{what} {read_as}", "", f"printed {name}")


@check(
    "SEC-UNSAFE-DESERIALIZE",
    "Objects are rebuilt from input",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-502", "CWE-611", "OWASP A08:2025"),
    peers=(
        "bandit:B301",
        "bandit:B506",
        "bandit:B614",
        "ruff:S301",
        "ruff:S506",
        "semgrep:python.flask.security.insecure-deserialization.insecure-deserialization",
        "semgrep:python.lang.security.deserialization.pickle.avoid-pickle",
        "semgrep:avoid-pyyaml-load",
        "semgrep:avoid-insecure-deserialization",
        "semgrep:avoid-jsonpickle",
        "semgrep:avoid-dill",
        "semgrep:avoid-shelve",
    ),
)
def unsafe_deserialize(subject: Subject) -> Iterator[Finding]:
    """What a client sends is unpickled, loaded with all tags of YAML, or parsed as XML with its entities.

    A pickle or a YAML tag calls any function while it is read; an XML entity reads any file. Files that
    the app wrote itself are not looked at.

    Bad::

        settings = yaml.load(request.data, Loader=yaml.Loader)

    Good::

        settings = yaml.safe_load(request.data)
    """
    for flow in client_flows(subject, Sink.OBJECT, Sink.XML):
        if flow.kind is Sink.OBJECT:
            message = "What a client sends may name any object here, and the code that makes it."
        else:
            message = "What a client sends is parsed as XML with external entities."
        yield subject.finding(flow.module, flow.node, message)
    for module in subject.wired().having("PickleSerializer"):
        for assign in module.nodes(ast.Assign):
            is_named = literal_text(assign.value).endswith(".PickleSerializer")
            if is_named and written(assign.targets[0]) == "SESSION_SERIALIZER":
                message = "Sessions are pickled: who gets at their store or key can run code."
                yield subject.finding(module, assign.value, message)


@check(
    "SEC-TRUST-BOUNDARY",
    "A client writes into its own session or cookie who it is",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-501", "OWASP A06:2025"),
)
def trust_boundary(subject: Subject) -> Iterator[Finding]:
    """A session gets a key of the client's choice, or a user or role that nothing has checked.

    What stands in a session is believed by all other code. A name that is looked up or checked against
    a password first is fine. A cookie that nothing signs is the client's to write, however it is encoded:
    who reads from it who somebody is, or compares it with a role, believes everybody.

    Bad::

        session["user_id"] = request.args["user_id"]

    Good::

        user = authenticate(request.form["name"], request.form["password"])
        session["user_id"] = user.id
    """
    for flow in client_flows(subject, Sink.SESSION):
        yield subject.finding(
            flow.module, flow.node, "What a client sends is believed from here on, unchecked."
        )
    for place in believed_cookies(subject.wired()):
        yield subject.finding(place.module, place.node, place.message)
