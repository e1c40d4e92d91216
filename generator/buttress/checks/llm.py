"""Checks of how language models are used: limits, ways out, where names and prompts are kept."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from buttress.analysis.access.protection import limits_rates
from buttress.analysis.llm.calls import LanguageUse, language_use
from buttress.analysis.llm.controls import (
    counts_usage,
    has_fallback,
    has_quota,
    is_capped,
)
from buttress.analysis.llm.surroundings import (
    is_evaluated,
    long_prompts,
    tells_users,
    written_models,
)
from buttress.analysis.llm.waiting import endless_models, held_up_calls
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
from buttress.project.folders import folder_of
from buttress.project.model import Framework, Role
from buttress.source.patterns import lazy_pattern

_SETTINGS = lazy_pattern(
    r"(?:\A|/)(?:\.env[\w.-]*|(?:docker-)?compose[\w.-]*\.ya?ml|Dockerfile[\w.-]*|render\.yaml|fly\.toml)\Z"
)

_LAYER = lazy_pattern(r"(?:\A|[/_])(?:llms?|providers?|language_models?)(?:[/_]|\Z)", re.IGNORECASE)


def models_in_use(subject: Subject) -> LanguageUse:
    """Return how the service uses language models.

    Raises:
        NotApplicable: It asks none.
    """
    use = language_use(subject.project, subject.service, subject.modules(Role.APP))
    if not use.calls:
        raise NotApplicable("the app calls no language model")
    return use


def answers_users(subject: Subject) -> bool:
    """Whether somebody outside sees what the app does."""
    return bool(subject.service.routes) or subject.service.framework is Framework.STREAMLIT


@check(
    "LLM-NO-TIMEOUT",
    "A language model may keep a request for minutes",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM10:2025", "CWE-1088"),
)
def llm_no_timeout(subject: Subject) -> Iterator[Finding]:
    """A model is asked with the limit of time of its library, or none; or a coroutine waits for it.

    Libraries wait ten minutes and try twice more, or wait for ever: longer than any user or proxy
    does. A limit on the client, on the call or around it counts. A client that is not asynchronous
    stops all other requests when a coroutine uses it.

    Bad::

        client = OpenAI()

    Good::

        client = OpenAI(timeout=30, max_retries=1)
    """
    use = language_use(subject.project, subject.service, subject.modules(Role.APP))
    if not use.calls and not use.clients:
        raise NotApplicable("the app calls no language model")
    for module, node, message in endless_models(use):
        yield subject.finding(module, node, message)
    for call in held_up_calls(use):
        message = "All other requests wait until the model has answered."
        yield subject.finding(call.module, call.node, message)


@check(
    "LLM-NO-COST-CAP",
    "Nothing limits what a language model may cost",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM10:2025", "CWE-770"),
)
def llm_no_cost_cap(subject: Subject) -> Iterator[Finding]:
    """Answers may be as long as the model likes, and nobody's use is counted or slowed down.

    One client, or one loop, can then spend a month's budget in a night. A limit of tokens on every
    call, a quota, a budget or a limit of rates counts; models on machines of one's own cost nothing.

    Bad::

        client.chat.completions.create(model=MODEL, messages=messages)

    Good::

        client.chat.completions.create(model=MODEL, messages=messages, max_tokens=500)
    """
    use = models_in_use(subject)
    paid = [call for call in use.calls if not call.is_local]
    if not paid:
        raise NotApplicable("the models run on machines of one's own")
    endless = [call for call in paid if not is_capped(call)]
    modules = subject.wired()
    if not endless or has_quota(modules) or limits_rates(subject.project.tree, modules):
        return
    have = "has" if len(endless) == 1 else "have"
    share = f"{len(endless)} of {len(paid)} calls of a model {have}"
    message = f"{share} no limit of tokens, and nothing limits how often they are made."
    if len(paid) == 1:
        message = "This call has no limit of tokens, and nothing limits how often it is made."
    yield subject.finding(endless[0].module, endless[0].node, message)


@check(
    "LLM-NO-FALLBACK",
    "When the provider of a model fails, the app fails",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP A10:2025",),
)
def llm_no_fallback(subject: Subject) -> Iterator[Finding]:
    """No call of a model has another provider, a stored answer or a plain one to go on with.

    Providers have outages and limits of rates; an app with one of them has the same outages. An
    error that is only passed on is no fallback.

    Bad::

        return llm.invoke(question)

    Good::

        return llm.with_fallbacks([other]).invoke(question)
    """
    use = models_in_use(subject)
    if not has_fallback(use, subject.wired()):
        first = use.calls[0]
        message = "No call of a model has anything to go on with when its provider fails."
        yield subject.finding(first.module, first.node, message)


@check(
    "LLM-PROVIDER-COUPLING",
    "Provider and model are spread through the code",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def llm_provider_coupling(subject: Subject) -> Iterator[Finding]:
    """The name of a model stands at several calls, or clients are made in several places.

    Models are withdrawn and prices change every few months; then each place has to be found. One
    module, or one folder of providers, that makes the client, with the name in the settings, is what
    to aim for.

    Bad::

        title = client.responses.create(model="gpt-4o", input=text)
        answer = client.chat.completions.create(model="gpt-4o", messages=messages)

    Good::

        title = client.responses.create(model=settings.model, input=text)
        answer = client.chat.completions.create(model=settings.model, messages=messages)
    """
    use = models_in_use(subject)
    names = list(written_models(use))
    if len(names) > 1:
        for module in dict.fromkeys(name.module for name in names):
            here = [name for name in names if name.module is module]
            message = f"The model's name is written at the call, here and at {len(names) - 1} more."
            if len(names) == 2:
                message = "The model's name is written at the call, here and at another one."
            yield subject.finding(module, here[0].node, message)
    handled = set()
    for client in use.clients:
        function = client.module.function(client.node)
        symbol = client.module.symbol(function) if function is not None else ""
        if function is None or symbol not in subject.service.handlers(client.module.path):
            continue
        if function not in handled:
            handled.add(function)
            message = f"{client.name} is made anew for every request."
            yield subject.finding(client.module, client.node, message)
    clients = [
        client for client in use.clients if not client.name.endswith(("Agent", "Crew", "_agent"))
    ]
    makers = list(dict.fromkeys(client.module for client in clients))
    folders = [folder_of(module.path) for module in makers]
    is_layer = bool(folders) and _LAYER.search(posixpath.commonpath(folders)) is not None
    if len(makers) > 1 and not is_layer and len({name.module for name in names}) < 2:
        first = next(client for client in clients if client.module is makers[1])
        message = f"Clients of models are made in {len(makers)} modules."
        if first.module.function(first.node) not in handled:
            yield subject.finding(first.module, first.node, message)


@check(
    "LLM-PROMPT-UNVERSIONED",
    "A prompt has no version",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def llm_prompt_unversioned(subject: Subject) -> Iterator[Finding]:
    """A long prompt stands in the code that sends it, without a name or version to log.

    When answers get worse nobody can tell which text they were made with. A module or folder of
    prompts, a version beside the text or a registry counts.

    Bad::

        ask(f"You are an expert. Read the contract and ... {contract}")

    Good::

        ask(prompts.CONTRACT_V3.format(contract=contract))
    """
    for written in long_prompts(models_in_use(subject)):
        assert isinstance(written.node, ast.expr)  # noqa: S101 - a parameter has no text
        message = "This prompt is written where it is used, and has no version."
        yield subject.finding(written.module, written.node, message)


@check(
    "LLM-NO-USAGE-METERING",
    "Nobody knows what a language model costs",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    standards=("OWASP LLM10:2025",),
)
def llm_no_usage_metering(subject: Subject) -> Iterator[Finding]:
    """The tokens that each answer used are never read, and no tool for tracing models is attached.

    A bill says what a month cost, not which route, user or prompt did. The answer of every provider
    holds the numbers.

    Bad::

        answer = client.chat.completions.create(...).choices[0].message.content

    Good::

        response = client.chat.completions.create(...)
        log.info("model", tokens=response.usage.total_tokens)
    """
    use = models_in_use(subject)
    tree = subject.project.tree
    texts = (tree.text(path) for path in tree.paths if _SETTINGS.search(path))
    settings = "\n".join(text.content for text in texts if text is not None)
    if not counts_usage(use, subject.wired(), settings):
        first = use.calls[0]
        message = "The tokens that answers use are never read."
        yield subject.finding(first.module, first.node, message)


@check(
    "LLM-NO-EVALS",
    "Nothing tells whether answers got worse",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM09:2025",),
)
def llm_no_evals(subject: Subject) -> Iterator[Finding]:
    """No test and no pipeline runs questions with known answers against prompts and models.

    A changed word in a prompt, or a new version of a model, then reaches users untested. A script
    for it that nothing runs does not count.

    Bad::

        client = OpenAI()

    Good::

        $ deepeval test run tests/evals
    """
    models_in_use(subject)
    if not is_evaluated(subject.project, subject.service):
        message = "No test or pipeline evaluates the answers of the models."
        yield Finding(subject.anchor, message)


@check(
    "LLM-NO-DISCLOSURE",
    "Users cannot tell how far to trust an answer",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    confidence=Confidence.LOW,
    standards=("OWASP LLM09:2025",),
)
def llm_no_disclosure(subject: Subject) -> Iterator[Finding]:
    """Answers come without sources, a measure of doubt, a notice, or a way to say they are wrong.

    Models are wrong in good style; whoever reads an answer needs a hint where to check it, or a
    person to turn to.

    Bad::

        return {"answer": answer}

    Good::

        return {"answer": answer, "sources": sources}
    """
    use = models_in_use(subject)
    if not answers_users(subject):
        raise NotApplicable("nobody outside sees the answers")
    if not tells_users(subject.project, subject.service, subject.wired()):
        first = use.calls[0]
        message = "Answers carry no source, doubt, notice or way to object."
        yield subject.finding(first.module, first.node, message)
