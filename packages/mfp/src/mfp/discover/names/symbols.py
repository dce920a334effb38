"""What a name turns out to be, once imports have been followed."""

from dataclasses import dataclass
from typing import TypeAlias

from mfp.discover.names.bindings import Class, Dotted
from mfp.discover.names.modules import Place


@dataclass(frozen=True, slots=True)
class Metaflow:
    """Metaflow itself (no parts), or what it calls by this name."""

    parts: Dotted = ()

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.parts[-1] if self.parts else "metaflow"


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that is certainly no flow: of the standard library, a function, a value."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that reading the repository cannot tell.

    Attributes:
        name: The name that it has where it comes from.
    """

    name: str = ""


Symbol: TypeAlias = Metaflow | Class | Place | Foreign | Unknown

FLOW_SPEC = "FlowSpec"
STEP = "step"
# Names that mean nothing else, also where a library passes on Metaflow's.
TELLING_NAMES = frozenset({FLOW_SPEC})
