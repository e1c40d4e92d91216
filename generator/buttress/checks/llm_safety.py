"""Checks of what language models are told, what they answer, and what they may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.guards import knows_callers
from buttress.analysis.llm.answers import unvalidated
from buttress.analysis.llm.controls import is_moderated
from buttress.analysis.llm.mixing import mixed_prompts
from buttress.analysis.llm.retrieval import (
    has_users,
    open_searches,
    takes_documents,
    uses_store,
)
from buttress.analysis.llm.sinks import interpreted
from buttress.analysis.llm.tools import endless_agents, tools, unapproved_acts
from buttress.checks.llm import answers_users, models_in_use
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


@check(
    "LLM-PROMPT-INJECTION",
    "Words of others are mixed into instructions",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM01:2025", "CWE-1427"),
)
def llm_prompt_injection(subject: Subject) -> Iterator[Finding]:
    """A request, a document or a page becomes part of the text that tells the model what to do.

    Whoever writes it can take back the instructions. A message of its own with the role ``user``, or
    marks around it that the instructions name, tell the model which words are data.

    Bad::

        ask(f"Answer in one sentence, politely: {question}")

    Good::

        ask([{"role": "system", "content": RULES}, {"role": "user", "content": question[:2000]}])
    """
    use = models_in_use(subject)
    for mixed in mixed_prompts(use, subject.service):
        node = mixed.piece.node
        assert isinstance(node, ast.expr)  # noqa: S101 - a parameter has no text of its own
        what = "What a client sends" if mixed.is_client else f"`{mixed.name}`"
        where = "the system's instructions" if mixed.is_system else "the instructions"
        yield subject.finding(mixed.piece.module, node, f"{what} becomes part of {where}.")


@check(
    "LLM-OUTPUT-TO-SINK",
    "A model's answer is run",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM05:2025", "OWASP LLM06:2025", "CWE-1426", "CWE-94", "CWE-89"),
    peers=("bandit:B102", "bandit:B307", "ruff:S102", "ruff:S307"),
)
def llm_output_to_sink(subject: Subject) -> Iterator[Finding]:
    """What a model answers, or gives to a tool, becomes SQL, Python, a command, HTML or a path.

    Whoever can write a line that the model reads can write the answer, too. A parser that lets only
    known statements through, a sandbox and an account that may only read keep the harm small.

    Bad::

        sql = ask(f"Write SQL for: {question}")
        cursor.execute(sql)

    Good::

        wanted = Report.model_validate_json(ask(question))
        cursor.execute(REPORTS[wanted.name], wanted.values)
    """
    use = models_in_use(subject)
    for place in interpreted(subject.project, subject.service, use):
        message = f"What the model answers {place.what}."
        yield subject.finding(place.module, place.node, message)


@check(
    "LLM-OUTPUT-UNVALIDATED",
    "A model's answer is used as it comes",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    standards=("OWASP LLM05:2025", "CWE-1426"),
)
def llm_output_unvalidated(subject: Subject) -> Iterator[Finding]:
    """An answer is parsed as JSON, and nothing looks at whether it has the form that was asked for.

    Models leave out fields, invent others and wrap JSON in prose. A schema that the provider
    enforces, a Pydantic model or a look at each field counts.

    Bad::

        data = json.loads(response.choices[0].message.content)

    Good::

        data = Quiz.model_validate_json(response.choices[0].message.content)
    """
    use = models_in_use(subject)
    for module, call, is_caught in unvalidated(use):
        message = "The model's answer is parsed, and its form is not checked."
        if not is_caught:
            message = "The model's answer is parsed without a check, and without a way out."
        yield subject.finding(module, call, message)


@check(
    "LLM-NO-MODERATION",
    "Nothing looks at what a model is asked and answers",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM02:2025", "OWASP LLM09:2025"),
)
def llm_no_moderation(subject: Subject) -> Iterator[Finding]:
    """People outside talk to a model, and no filter stands before or behind it.

    What it says is said in the app's name. A provider's moderation or safety settings, a library of
    guards or a function of the app's own counts, unless it is switched off.

    Bad::

        return {"answer": ask(message)}

    Good::

        if client.moderations.create(input=message).results[0].flagged:
            raise HTTPException(400, "We cannot answer that.")
    """
    use = models_in_use(subject)
    if not answers_users(subject):
        raise NotApplicable("nobody outside sees the answers")
    if not is_moderated(use, subject.wired()):
        first = use.calls[0]
        message = "Nothing looks at what the model is asked and what it answers."
        yield subject.finding(first.module, first.node, message)


@check(
    "LLM-TOOL-NO-APPROVAL",
    "A model may act without anybody's consent",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("OWASP LLM06:2025",),
)
def llm_tool_no_approval(subject: Subject) -> Iterator[Finding]:
    """A tool deletes, sends, pays or runs things, and no person is asked before; or a loop has no end.

    One sentence in a document that the model reads is enough to have it done. Tools that only read,
    and those behind a confirmation or a list of what is allowed, are fine.

    Bad::

        @tool
        def remove(path: str): os.remove(path)

    Good::

        @tool
        def remove(path: str):
            if interrupt(f"Delete {path}?") == "yes": os.remove(path)
    """
    use = models_in_use(subject)
    loops = list(endless_agents(use))
    if not loops and not tools(use):
        raise NotApplicable("the models are given no tools")
    for act in unapproved_acts(use):
        message = f"The tool {act.tool.name} {act.what}, and nobody is asked before."
        yield subject.finding(act.tool.module, act.tool.node, message)
    for module, node in loops:
        yield subject.finding(
            module, node, "This loop of calls and tools ends when the model likes."
        )


@check(
    "LLM-RAG-NO-ACL",
    "A search for the model does not ask whose it is",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.LOW,
    standards=("OWASP LLM08:2025", "CWE-862"),
)
def llm_rag_no_acl(subject: Subject) -> Iterator[Finding]:
    """The app has users, and its vector store is searched without a filter for one of them.

    Answers then quote what other people uploaded. A filter, a name space or a collection for each
    user counts; documents that everybody may read need none, like those that stand there before the app runs.

    Bad::

        store.similarity_search(question)

    Good::

        store.similarity_search(question, filter={"owner": user.id})
    """
    use = models_in_use(subject)
    if not uses_store(use):
        raise NotApplicable("the app has no vector store")
    if not knows_callers(subject.project, subject.service, subject.wired()):
        raise NotApplicable("the app does not know its users")
    if not has_users(use):
        raise NotApplicable("the app tells its users not apart")
    if not takes_documents(use):
        raise NotApplicable("the app adds no documents while it runs")
    for module, call in open_searches(use):
        yield subject.finding(module, call, "This search finds the documents of all users.")
