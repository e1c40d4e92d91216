"""How a file of the app imports a module that a recipe adds to the app's package."""

from __future__ import annotations

import ast

from buttress.project.model import Service
from buttress.source import Module


def own_module_name(module: Module, service: Service, name: str) -> str:
    """Return the module name for an import statement, relative where the file's own imports are.

    Args:
        module: The file that imports.
        service: The service, whose package holds the module.
        name: The module, without package.
    """
    target = [*service.package.split("."), name] if service.package else [name]
    is_package = module.path.endswith("/__init__.py")
    here = service.dotted(module.path).split(".")
    folder = here if is_package else here[:-1]
    is_relative = any(
        node.level > 0 and module.parent(node) is module.tree
        for node in module.nodes(ast.ImportFrom)
    )
    if not is_relative or not folder or folder[0] != target[0]:
        return ".".join(target)
    common = 0
    while common < min(len(folder), len(target) - 1) and folder[common] == target[common]:
        common += 1
    return "." * (len(folder) - common + 1) + ".".join(target[common:])
