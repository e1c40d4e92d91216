"""Checks of who may do what: routes, objects, roles, logins and the calls of other systems."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.endpoints import Endpoint, endpoints
from buttress.analysis.access.guards import Guards, guards_of, knows_callers
from buttress.analysis.access.logins import is_login, is_throttled, logins, take_passwords
from buttress.analysis.access.openings import is_public, may_change, unguarded, unowned, writes
from buttress.analysis.access.protection import limits_rates
from buttress.analysis.access.roles import (
    administers,
    administration,
    checks_roles,
    has_second_factor,
    is_for_administrators,
)
from buttress.analysis.access.webhooks import unverified_webhooks
from buttress.analysis.graphql.operations import OperationGuards, operations, worst_first
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)

_MANY = 4
"""More routes than this that ask nobody have one cause, where hardly any other route asks."""


def _guards(subject: Subject) -> Guards:
    return guards_of(subject.project, subject.service, subject.wired())


def _endpoints(subject: Subject) -> tuple[Endpoint, ...]:
    return endpoints(subject.project, subject.service)


def _operations(subject: Subject) -> tuple[Endpoint, ...]:
    return operations(subject.project, subject.service, subject.wired())


def _at(subject: Subject, endpoint: Endpoint, message: str) -> Finding:
    finding = subject.finding(endpoint.module, endpoint.node, message)
    return Finding(finding.place, message, finding.symbol, endpoint.path)


def _require_authentication(subject: Subject) -> None:
    if not knows_callers(subject.project, subject.service, subject.wired()):
        raise NotApplicable("the app asks nobody who they are")


@check(
    "SEC-ROUTE-NO-AUTH",
    "A route that changes data asks nobody who they are",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    standards=("CWE-306", "OWASP A01:2025", "OWASP API5:2023"),
)
def route_no_auth(subject: Subject) -> Iterator[Finding]:
    """The app knows its users, but this route lets everybody write, delete or take a backup.

    A guard may stand on the route, its router, its class, before every request or in a middleware. Routes
    to log in, to register, of webhooks and those that only work something out are passed over. Deny by
    default and list what is public, then nothing is forgotten.

    Bad::

        @app.delete("/orders/{id}")
        def delete(id: int):
            orders.delete(id)

    Good::

        router = APIRouter(dependencies=[Depends(current_user)])
    """
    _require_authentication(subject)
    guards = _guards(subject)
    found = _endpoints(subject)
    asked = [
        e for e in found if not is_public(e) and may_change(subject.project, subject.service, e)
    ]
    asking = OperationGuards(subject.project, subject.service, subject.wired(), guards)
    changing, open_operations = asking.unguarded(_operations(subject))
    yield from _of_schema(subject, changing, open_operations)
    if not asked and changing:
        return
    if not asked:
        raise NotApplicable("no route changes data")
    open_ = list(unguarded(subject.project, subject.service, found, guards))
    asked = [e for e in asked if e in open_ or guards.guards(e)]
    if len(open_) > 1 and not any(guards.guards(e) for e in found):
        message = "People can log in, but no route that changes data asks who calls it."
        yield _at(subject, open_[0], message)
        return
    if len(open_) > _MANY and len(open_) > 0.8 * len(asked):
        message = f"{len(open_)} of {len(asked)} routes that change data ask nobody who calls them."
        yield _at(subject, open_[0], message)
        return
    rest = "" if guards.is_closed or guards.closes_rest else ", and nothing denies by default"
    for endpoint in open_:
        is_change = writes(subject.project, subject.service, endpoint)
        what = "changes data" if is_change else "shows what is internal"
        yield _at(subject, endpoint, f"{endpoint.name} {what} and asks nobody who calls{rest}.")


def _of_schema(
    subject: Subject, changing: list[Endpoint], open_: list[Endpoint]
) -> Iterator[Finding]:
    """Yield the operations of a GraphQL schema that ask nobody; where no mutation asks, one stands for all."""
    mutations = [e for e in worst_first(open_) if e.changes_data]
    if len(mutations) > 1 and len(mutations) == sum(e.changes_data for e in changing):
        names = ", ".join(e.path[1:] for e in mutations[:_MANY])
        rest = " and more" if len(mutations) > _MANY else ""
        message = f"No mutation of this schema asks who calls it: {names}{rest}."
        yield _at(subject, mutations[0], message)
    else:
        for endpoint in mutations:
            message = f"The mutation {endpoint.path[1:]} changes data and asks nobody who calls."
            yield _at(subject, endpoint, message)
    for endpoint in open_:
        if not endpoint.changes_data:
            message = f"The query {endpoint.path[1:]} deletes something and asks nobody who calls."
            yield _at(subject, endpoint, message)


@check(
    "SEC-AUTHZ-OWNERSHIP",
    "An object is changed by its id, whoever it belongs to",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.LOW,
    standards=("CWE-639", "OWASP A01:2025", "OWASP API1:2023"),
)
def authz_ownership(subject: Subject) -> Iterator[Finding]:
    """The route knows who asks and takes an id, and never looks at the two together.

    Whoever is logged in can then change the objects of everybody by counting ids up. Whether that is
    meant, only a person can say: this is a list to go through.

    Bad::

        def delete(id: int, user: User = Depends(current_user)):
            db.delete(db.get(Order, id))

    Good::

        order = db.get(Order, id)
        if order.owner_id != user.id:
            raise HTTPException(404)
    """
    _require_authentication(subject)
    found = unowned(subject.project, subject.service, _endpoints(subject), _guards(subject))
    for endpoint in found:
        yield _at(
            subject, endpoint, f"{endpoint.name} changes an object and never asks whose it is."
        )


@check(
    "SEC-NO-RBAC",
    "Administrators are told apart by nothing but their login",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-862", "OWASP A07:2025", "OWASP API5:2023"),
)
def no_rbac(subject: Subject) -> Iterator[Finding]:
    """There are routes for administrators, and no role is checked, or a password alone opens them.

    Without roles every user is an administrator; without a second factor or single sign-on one password
    that leaks is enough for all data.

    Bad::

        @app.get("/admin/users")
        def users(user: User = Depends(current_user)): ...

    Good::

        @app.get("/admin/users")
        def users(user: User = Depends(require_role("admin"))): ...
    """
    _require_authentication(subject)
    found = [e for e in _endpoints(subject) if is_for_administrators(e)]
    if not found:
        raise NotApplicable("no route is for administrators")
    modules, guards = subject.wired(), _guards(subject)
    if not checks_roles(modules):
        message = "There are routes for administrators, and no role is checked."
        found.sort(key=lambda endpoint: not administers(endpoint))
    elif not has_second_factor(modules) and take_passwords(
        subject.project, subject.service, _endpoints(subject)
    ):
        message = "Administrators log in with a password alone."
        found.sort(key=lambda e: (not guards.guards(e), not administers(e)))
    else:
        return
    site = None if administers(found[0]) else next(administration(modules), None)
    yield _at(subject, found[0], message) if site is None else subject.finding(*site, message)


@check(
    "SEC-AUTH-RATE-LIMIT",
    "Logging in, registering or resetting a password has no limit",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-307", "OWASP A07:2025", "OWASP API2:2023"),
)
def auth_rate_limit(subject: Subject) -> Iterator[Finding]:
    """Routes to log in, register or reset a password have no limit, and no failed attempts are counted.

    Lists of leaked passwords are tried in the thousands each minute. A limiter for the whole app, one in
    the proxy, ``django-axes`` and a counter of failed attempts are fine. Where nothing is limited, one
    finding stands for all routes.

    Bad::

        @app.post("/login")
        def login(form: LoginForm): ...

    Good::

        @app.post("/login")
        @limiter.limit("5/minute")
        def login(request: Request, form: LoginForm): ...
    """
    project, service = subject.project, subject.service
    guards = _guards(subject)
    found = [
        endpoint
        for endpoint in logins(project, service, (*_endpoints(subject), *_operations(subject)))
        # what asks who calls it, and is no login itself, is for those who are in
        if guards.is_closed
        or not guards.guards(endpoint)
        or (is_login(endpoint) and not guards.callers(endpoint))
    ]
    if not found:
        raise NotApplicable("no route takes a password")
    modules = subject.wired()
    if limits_rates(project.tree, modules, everywhere=True):
        return
    open_ = [e for e in found if not is_throttled(project, service, e)]
    if not open_:
        return
    if limits_rates(project.tree, modules) or len(open_) == 1 or len(open_) < len(found):
        for endpoint in open_:
            yield _at(subject, endpoint, f"Nothing limits how often {endpoint.name} is tried.")
        return
    open_.sort(key=lambda e: "log" not in e.name.lower() and "token" not in e.name.lower())
    names = ", ".join(e.name for e in open_[:4]) + (" and more" if len(open_) > 4 else "")
    yield _at(subject, open_[0], f"Nothing limits how often these are tried: {names}.")


@check(
    "SEC-WEBHOOK-UNVERIFIED",
    "A webhook believes whoever calls it",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-345", "OWASP A08:2025", "OWASP API2:2023"),
)
def webhook_unverified(subject: Subject) -> Iterator[Finding]:
    """A route for calls of another system reads the body and verifies no signature or secret.

    Anybody who finds the address can report a payment that was never made.

    Bad::

        @app.post("/stripe/webhook")
        async def webhook(request: Request):
            event = await request.json()

    Good::

        event = stripe.Webhook.construct_event(body, signature, secret)
    """
    found = _endpoints(subject)
    for endpoint in unverified_webhooks(subject.project, subject.service, found, _guards(subject)):
        yield _at(subject, endpoint, f"{endpoint.name} does not verify who calls it.")
