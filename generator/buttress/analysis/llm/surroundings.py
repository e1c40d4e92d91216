"""What stands around a model outside of the calls: where its names and prompts are kept, evaluations, notices."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.delivery.workflows import pipelines
from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.model import Client, ModelCall
from buttress.analysis.llm.prompts import pieces
from buttress.analysis.llm.values import Value
from buttress.analysis.proofs.suites import suite_modules, written_tests
from buttress.project.folders import is_inside
from buttress.project.model import Project, Service
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LONG = 200
_MODEL_OPTIONS = (
    "model",
    "model_name",
    "model_id",
    "modelId",
    "engine",
    "deployment_name",
    "azure_deployment",
)
_FIRST_IS_MODEL = frozenset({"GenerativeModel", "init_chat_model"})
_PROMPT_FILE = lazy_pattern(r"(?:\A|/)(?:\w+_)?prompts?(?:_\w+)?(?:/|\.py\Z)|(?:\A|/)templates?/")
_VERSIONED = lazy_pattern(
    r"prompt_?(?:version|registry|id)\b|get_prompt\(|pull_prompt\(|hub\.pull\(|load_prompt\(|(?:\A|\s)__prompt_version__|prompt.{0,20}[\"']version[\"']",
    re.IGNORECASE,
)
_NUMBERED = lazy_pattern(r"_v\d+\Z", re.IGNORECASE)
_EVALUATORS = (
    "deepeval", "ragas", "pydantic_evals", "inspect_ai", "langsmith.evaluation", "langsmith.evaluate", "trulens", "giskard", "phoenix.evals", "autoevals",
    "braintrust", "langfuse.experiment", "openevals", "evals", "langchain.evaluation", "mlflow.evaluate", "mlflow.genai",
)  # fmt: skip
_EVALUATION_COMMAND = lazy_pattern(
    r"\bpromptfoo\b|\bdeepeval\b|\bragas\b|\binspect eval\b|\bpydantic_evals\b|(?:^|[\s/_.-])evals?(?:uate|uation)?(?:[\s/_.:-](?![\"'$(])|\Z)|run_eval",
    re.IGNORECASE,
)
_EVALUATION_FILE = lazy_pattern(
    r"(?:\A|[/_])evals?(?:uation)?s?(?:[/_.])|llm_(?:regression|quality|golden)|golden_(?:set|answers|questions|cases)",
    re.IGNORECASE,
)
_NOTICE_KEY = lazy_pattern(
    r"\A(?:sources?|source_documents|citations?|references|confidence\w*|disclaimer|feedback\w*|rating|thumbs\w*|is_helpful|helpful|escalat\w*|hand_?off\w*"
    r"|needs_human|human_review|requires_review)\Z",
    re.IGNORECASE,
)
_NOTICE_TEXT = lazy_pattern(
    r"can make mistakes|may (?:make mistakes|be (?:wrong|inaccurate|incorrect))|AI[- ]generated|generated (?:by|with) (?:an? )?AI|not a substitute for|powered by AI"
    r"|double[- ]check|verify (?:important|the) information|thumbs[-_ ]?(?:up|down)|was this (?:answer|response)? ?helpful|disclaimer|citations?\b|talk to a human",
    re.IGNORECASE,
)
_REACT = lazy_pattern(r"^import\b.*[\"']react[\"']", re.MULTILINE)
_PAGES = (".html", ".jsx", ".tsx", ".vue", ".svelte", ".jinja", ".jinja2", ".j2")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A place where the name of a model is written at the call that uses it."""

    module: Module
    node: ast.expr
    call: ast.Call


def written_models(use: LanguageUse) -> Iterator[ModelName]:
    """Yield the names of models that stand at a call, or at the client that it goes through."""
    seen: set[ast.AST] = set()
    places: list[Client | ModelCall] = [*use.clients, *use.calls]
    for place in places:
        given = [place.options[name] for name in _MODEL_OPTIONS if name in place.options]
        if isinstance(place.node.func, ast.Attribute | ast.Name) and place.node.args:
            name = ast.unparse(place.node.func).rpartition(".")[2]
            given += place.node.args[:1] if name in _FIRST_IS_MODEL else []
        for value in given:
            is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
            if is_text and value not in seen:
                seen.add(value)
                yield ModelName(place.module, value, place.node)


def long_prompts(use: LanguageUse) -> Iterator[Value]:
    """Yield the long texts that are sent to a model and neither kept with prompts nor versioned."""
    sent = pieces(use.values, [prompt for call in use.calls for prompt in call.prompts])
    seen: set[ast.AST] = set()
    for piece in sent:
        if len(piece.text.replace("\0", "").strip()) <= _LONG:
            continue
        written = piece.pattern or Value(piece.module, piece.node)
        module = written.module
        if (
            written.node in seen
            or _PROMPT_FILE.search(module.path)
            or _VERSIONED.search(module.text)
        ):
            continue
        statement = module.statement(written.node)
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(isinstance(t, ast.Name) and _NUMBERED.search(t.id) for t in targets):
            continue
        seen.add(written.node)
        yield written


def is_evaluated(project: Project, service: Service) -> bool:
    """Whether a test or a pipeline runs an evaluation of prompts or models."""
    if any(_EVALUATION_FILE.search(t.module.path) for t in written_tests(project, service)):
        return True
    for module in suite_modules(project, service):
        if not any(binding.target.startswith(_EVALUATORS) for binding in module.imports):
            continue
        targets = (module.resolve(call.func) or "" for call in module.nodes(ast.Call))
        if any(target.startswith(_EVALUATORS) for target in targets):
            return True
    return any(
        _EVALUATION_COMMAND.search(command.text)
        for pipeline in pipelines(project)
        for command in pipeline.commands
    )


def tells_users(project: Project, service: Service, modules: Iterable[Module]) -> bool:
    """Whether answers, or the pages that show them, have a source, a doubt, a notice, a way to object.

    Pages may stand beside the service, in a front end; those of another service say nothing.
    """
    for module in modules:
        if any(
            isinstance(node.target, ast.Name) and _NOTICE_KEY.match(node.target.id)
            for node in module.nodes(ast.AnnAssign)
        ):
            return True
        for constant in module.nodes(ast.Constant):
            if not isinstance(constant.value, str):
                continue
            is_key = isinstance(module.parent(constant), ast.Dict | ast.Subscript)
            if is_key and _NOTICE_KEY.match(constant.value):
                return True
    others = project.roots_beside(service)
    for path in project.tree.paths:
        is_script = path.endswith(".js")
        if not (is_script or path.endswith(_PAGES)) or any(
            is_inside(path, root) for root in others
        ):
            continue
        text = project.tree.text(path)
        if text is None or (is_script and not _REACT.search(text.content)):
            continue
        if _NOTICE_TEXT.search(text.content):
            return True
    return False
