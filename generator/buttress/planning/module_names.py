"""Names for the modules that recipes add: free, importable, and nobody else's."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

from packaging.utils import canonicalize_name

from buttress.errors import UserError
from buttress.planning.destination import Ignored, stands
from buttress.project.model import Project, Service
from buttress.source import Tree


def free_module_name(
    project: Project, service: Service, candidates: Iterable[str], question: str
) -> str:
    """Return the first candidate that a new module of the app can be called.

    A name is taken if a module or folder of the app has it, if git would ignore the file, if it is a
    module of the standard library or a declared package, or if code imports it already.

    Args:
        project: The facts.
        service: The service that gets the module.
        candidates: Names, the best first.
        question: The question whose answer this is, for the error.

    Raises:
        UserError: If every candidate is taken.
    """
    tree = project.tree
    ignored = Ignored(tree)
    foreign = _declared_packages(service)
    if not service.package:
        # beside a single-file app a module hides, or is hidden by, everything of its name
        foreign |= _imported_names(tree, service)
    names = tuple(candidates)
    folder = service.package_folder + "/" if service.package_folder else ""
    for name in names:
        path = f"{folder}{name}.py"
        taken = (
            name in sys.stdlib_module_names
            or name in foreign
            or stands(tree, path)
            or stands(tree, folder + name)
            or path in ignored
        )
        if not taken:
            return name
    raise UserError(
        f"{service.package_folder or 'the root folder'}: there is no free name for a new module; "
        f"{', '.join(names)} are taken. Choose one with `-d {question}=NAME`."
    )


def _declared_packages(service: Service) -> set[str]:
    """Return what the declared packages are probably imported as."""
    declared = service.manifest.dependencies if service.manifest else ()
    return {canonicalize_name(item.name).replace("-", "_") for item in declared}


def _imported_names(tree: Tree, service: Service) -> set[str]:
    names: set[str] = set()
    for path in service.roles:
        if path not in tree:
            continue
        for node in tree.module(path).nodes(ast.Import, ast.ImportFrom):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return names
