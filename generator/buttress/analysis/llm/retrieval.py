"""Searches for what a model is told: in vector stores, with or without a look at who is asking."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from buttress.analysis.llm.calls import LanguageUse
from buttress.project.literals import literal_text
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_STORES = (
    "chromadb", "faiss", "pinecone", "qdrant_client", "weaviate", "pymilvus", "lancedb", "pgvector", "langchain_chroma", "langchain_pinecone",
    "langchain_qdrant", "langchain_weaviate", "langchain_milvus", "langchain_postgres", "langchain_community.vectorstores", "langchain.vectorstores",
    "langchain_core.vectorstores", "llama_index.vector_stores", "llama_index.core", "llama_index", "langchain_mongodb", "langchain_elasticsearch",
    "langchain_astradb", "langchain_redis",
)  # fmt: skip
_SEARCHES = frozenset(
    {
        "similarity_search", "similarity_search_with_score", "similarity_search_by_vector", "similarity_search_with_relevance_scores",
        "asimilarity_search", "asimilarity_search_with_score", "max_marginal_relevance_search", "as_retriever", "as_query_engine",
        "as_chat_engine", "query_points", "near_text", "near_vector", "hybrid_search",
    }
)  # fmt: skip
_FILTERS = frozenset(
    {
        "filter", "filters", "where", "namespace", "query_filter", "expr", "tenant", "where_document", "pre_filter", "partition_names",
        "collection_name", "prefilter", "search_filter",
    }
)  # fmt: skip
_NARROWING = ("_filter", "_filters")
_NARROWED = ("filter", "namespace", "expr")
_WRITTEN = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.expr_context)
_ADDS = frozenset(
    {
        "add_documents", "aadd_documents", "add_texts", "aadd_texts", "from_documents", "afrom_documents", "from_texts", "afrom_texts",
        "upsert", "upload_points", "upload_records", "insert_nodes",
    }
)  # fmt: skip
_ADDED = frozenset({"documents", "embeddings", "vectors", "points", "ids", "metadatas"})
_USERS = lazy_pattern(
    r"current_?user|\brequest\.user\b|\buser_id\b|\buser\.id\b|get_jwt_identity|\bsession\[['\"]user|\bowner_id\b",
    re.IGNORECASE,
)
_OWNER = lazy_pattern(
    r"user|tenant|owner|account|org|workspace|customer|team|session", re.IGNORECASE
)


def uses_store(use: LanguageUse) -> bool:
    """Whether any module of the app imports a vector store."""
    return any(
        binding.target.startswith(_STORES) for module in use.modules for binding in module.imports
    )


def has_users(use: LanguageUse) -> bool:
    """Whether the app tells its users apart; a key that all share names nobody."""
    return any(_USERS.search(module.text) for module in use.modules)


def takes_documents(use: LanguageUse) -> bool:
    """Whether documents are added to a store while the app runs, not only before."""
    return any(
        isinstance(call.func, ast.Attribute)
        and (
            call.func.attr in _ADDS
            or (call.func.attr in {"add", "insert"} and _ADDED & {k.arg for k in call.keywords})
        )
        and module.function(call) is not None
        for module in use.modules
        for call in module.nodes(ast.Call)
    )


def open_searches(use: LanguageUse) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the searches in a vector store that are the same for everybody.

    A search that the app's own code answers is looked at there.
    """
    own = {
        function.name
        for module in use.modules
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    }
    for module in use.modules:
        for call in module.nodes(ast.Call):
            if (
                _is_search(call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr not in own
                and not _is_for_one(module, call.func.value)
                and not _is_filtered(use, module, call)
            ):
                yield module, call


def _is_for_one(module: Module, store: ast.expr) -> bool:
    """Whether a store is given to the function that searches it, or made there: it may hold one user's own."""
    function = module.function(store)
    if function is None or not isinstance(store, ast.Name):
        return False
    given = {
        a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    }
    return store.id in given or any(
        isinstance(part, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == store.id for target in part.targets)
        and any(
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr.lstrip("a") in {"from_documents", "from_texts"}
            for call in ast.walk(part.value)
        )
        for part in ast.walk(function)
    )


def _is_search(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    name = call.func.attr
    given = {keyword.arg for keyword in call.keywords}
    if name in _SEARCHES:
        return True
    if name == "query":
        return bool(given & {"query_texts", "query_embeddings"}) or (
            "vector" in given and "top_k" in given
        )
    return name == "search" and bool(given & {"query_vector", "anns_field"})


def _is_filtered(use: LanguageUse, module: Module, call: ast.Call) -> bool:
    """Whether a search, its store or what is kept of its result depends on who asks."""
    given = list(_filters(use, module, call))
    if any(_may_name_owner(use, module, value) for value in given):
        return True
    named = [k.value for k in call.keywords if k.arg == "collection_name"]
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - for mypy
    places = [call.func, *named]
    if any(_is_owner(part) for part in _behind(use, module, call, places)):
        return True
    return any(
        _is_owner(part)
        for leaf in use.values.leaves(module, call.func.value)
        # what is made where a file begins is the same for everybody
        if leaf.module.function(leaf.node) is not None
        for part in ast.walk(leaf.node)
    ) or _is_sifted(module, call)


def _filters(use: LanguageUse, module: Module, call: ast.Call) -> Iterator[ast.expr | None]:
    """Yield what narrows a search; ``None`` for what cannot be read."""
    for keyword in call.keywords:
        if keyword.arg is None:
            yield None
        elif keyword.arg in _FILTERS - {"collection_name"} or keyword.arg.endswith(_NARROWING):
            yield keyword.value
        elif keyword.arg == "search_kwargs":
            for leaf in use.values.leaves(module, keyword.value):
                if not isinstance(leaf.node, ast.Dict):
                    yield None
                    continue
                for key, value in zip(leaf.node.keys, leaf.node.values, strict=True):
                    if key is None or any(name in literal_text(key) for name in _NARROWED):
                        yield None if key is None else value
    yield from call.args[2:]  # similarity_search(question, k, filter)


def _may_name_owner(use: LanguageUse, module: Module, value: ast.expr | None) -> bool:
    """Whether a filter holds anything but constants, which are the same for everybody, or may be filled later."""
    if value is None:
        return True
    return any(
        not isinstance(part, _WRITTEN) or (isinstance(part, ast.Dict) and not part.keys)
        for leaf in use.values.leaves(module, value)
        for part in ast.walk(leaf.node)
    )


def _behind(
    use: LanguageUse, module: Module, call: ast.Call, nodes: Sequence[ast.expr]
) -> Iterator[ast.AST]:
    """Yield what stands in expressions, and in what the function gives the names in them."""
    function = module.function(call)
    seen: set[ast.expr] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for part in ast.walk(node):
            yield part
            if isinstance(part, ast.Name) and function is not None:
                waiting += use.values.bound(module, function, part.id)


def _is_owner(node: ast.AST) -> bool:
    """Whether a name is that of somebody; constants in capitals are nobody's."""
    name = node.id if isinstance(node, ast.Name) else ""
    name = node.attr if isinstance(node, ast.Attribute) else name
    return not name.isupper() and bool(_OWNER.search(name))


def _is_sifted(module: Module, call: ast.Call) -> bool:
    """Whether the function around a search compares whose the documents are with who asks."""
    function = module.function(call)
    if function is None:
        return False
    comparisons = (part for part in ast.walk(function) if isinstance(part, ast.Compare))
    return any(
        not any(isinstance(side, ast.Constant) for side in (found.left, *found.comparators))
        and any(_is_owner(part) for part in ast.walk(found))
        for found in comparisons
    )
