"""Searches for what a model is told: in vector stores, with or without a look at who is asking."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.llm.calls import LanguageUse
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
_IDENTITIES = frozenset(
    {"user_id", "tenant_id", "owner_id", "account_id", "org_id", "workspace_id"}
)
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
    for keyword in call.keywords:
        if (
            keyword.arg is None
            or keyword.arg in _FILTERS - {"collection_name"}
            or keyword.arg.endswith(("_filter", "_filters"))
        ):
            return True
        if keyword.arg == "search_kwargs":
            leaves = use.values.leaves(module, keyword.value)
            if any(not isinstance(leaf.node, ast.Dict) for leaf in leaves):
                return True
            if any(name in ast.unparse(leaf.node) for leaf in leaves for name in ("filter", "namespace", "expr")):  # fmt: skip
                return True
    # a store, or a collection, of one user's own
    return any(
        _OWNER.search(part.id if isinstance(part, ast.Name) else part.attr)
        for node in (call.func, *(k.value for k in call.keywords if k.arg == "collection_name"))
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    ) or _names_owner(module, call)


def _names_owner(module: Module, call: ast.Call) -> bool:
    """Whether the function around a search knows whose documents it looks in."""
    function = module.function(call)
    if function is None:
        return False
    arguments = (*function.args.args, *function.args.kwonlyargs)
    if any(_OWNER.search(argument.arg) for argument in arguments if argument.arg != "self"):
        return True
    return any(
        isinstance(part, ast.Attribute) and part.attr in _IDENTITIES for part in ast.walk(function)
    )
