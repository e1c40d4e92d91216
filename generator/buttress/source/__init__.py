"""Floor 0: files as they are (``Tree``, ``Draft``, ``Module``) and edits that keep every other byte."""

from buttress.source.draft import Draft, FileChange
from buttress.source.edit import Edit, OverlappingEditsError, apply_edits, compose
from buttress.source.listing import Skipped
from buttress.source.module import Module
from buttress.source.modules import Modules
from buttress.source.text import Text
from buttress.source.tree import Tree

__all__ = [
    "Draft",
    "Edit",
    "FileChange",
    "Module",
    "Modules",
    "OverlappingEditsError",
    "Skipped",
    "Text",
    "Tree",
    "apply_edits",
    "compose",
]
