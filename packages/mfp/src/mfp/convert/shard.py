"""A part of the work, so that several machines share it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from mfp.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts that together hold everything once.

    Attributes:
        number: Which part, from 1.
        of: How many parts there are.
    """

    number: int
    of: int

    def part(self, everything: Sequence[T]) -> list[T]:
        """Take this part: every Nth flow, so that the parts are of one size.

        Args:
            everything: The whole, in the same order on every machine.

        Returns:
            The part, in the same order.
        """
        return list(everything[self.number - 1 :: self.of])


def read_shard(text: str) -> Shard:
    """Read a shard as users write it.

    Args:
        text: `I/N`, such as 2/5.

    Returns:
        The shard.

    Raises:
        UsageError: If it is not of that form, or there is no such part.
    """
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text.strip(), re.ASCII)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError(
            f"The shard {text!r} is not of the form I/N with I from 1 to N",
            "Write 1/3, 2/3 and 3/3 to share the flows between three jobs.",
        )
    return Shard(int(found[1]), int(found[2]))
