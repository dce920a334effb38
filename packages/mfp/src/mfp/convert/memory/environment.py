"""Which environment variables loading a flow asks for."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from mfp.convert.loading.exchange import States
from mfp.convert.memory.state import state_of_names, state_of_variable

NAMES = ""  # stands for the names of all variables; no variable is called so


class Environment:
    """Takes note of the environment variables that the process asks for.

    Args:
        secret: What their checksums are made with.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._first = dict(os.environ)
        self._asked: set[str] = set()

    def watch(self) -> None:
        """Take note from now on."""
        asked = self._asked

        class Watched(type(os.environ)):  # type: ignore[misc]
            """Tells what is asked of it; all other methods of a mapping rest on these."""

            def __getitem__(self, key: Any) -> Any:
                if isinstance(key, (str, bytes)):
                    asked.add(os.fsdecode(key))
                return super().__getitem__(key)

            def __iter__(self) -> Iterator[Any]:
                asked.add(NAMES)
                return super().__iter__()  # type: ignore[no-any-return]

            def __len__(self) -> int:
                asked.add(NAMES)
                return super().__len__()  # type: ignore[no-any-return]

            def __repr__(self) -> str:
                return f"environ({dict(self)!r})"

        for mapping in (os.environ, os.environb):
            mapping.__class__ = Watched

    def states(self) -> States:
        """Give the variables that were asked for, as they were at first."""
        return {name: state_of(name, self._first, self._secret) for name in sorted(self._asked)}


def state_of(name: str, variables: Mapping[str, str], secret: bytes) -> str | None:
    """Give the state of an environment variable, or of the names of all of them.

    Args:
        name: The variable, or `NAMES`.
        variables: The environment.
        secret: What the checksum is made with.

    Returns:
        The state, which does not tell the value; None if there is no such variable.
    """
    if name == NAMES:
        return state_of_names(variables)
    return state_of_variable(variables.get(name), secret)
