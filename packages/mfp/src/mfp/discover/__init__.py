"""Find Metaflow flows by reading source only."""

from mfp.discover.api import discover
from mfp.discover.model import Discovery, FoundFlow, LeftOut, NotebookFlow, Problem

__all__ = ["Discovery", "FoundFlow", "LeftOut", "NotebookFlow", "Problem", "discover"]
