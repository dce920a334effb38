"""What a test case is: a flow file, how it is run, and what is to be expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Group = Literal["graph", "parameters", "failure", "decorators", "wild"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to run one flow file.

    Attributes:
        id: A name of its own among all cases.
        group: What the case is about.
        file: The flow file, relative to the folder of all flows.
        flow: The name of the FlowSpec that runs.
        source: The flow file's text, if it is made up and not in that folder.
        module: The module to run by `python -m` in place of the file.
        top: Options before the command, as `--branch b`.
        args: Options after the command, as `--alpha 3`.
        env: Variables added to the environment.
        needs: Other files and folders that the flow needs beside it, relative as `file` is.
        writes: Files that the run leaves in its folder and whose text is compared.
        workers: How many tasks may run at once.
        ok: Whether the native command succeeds.
        starts: Whether it gets as far as to begin a run.
    """

    id: str
    group: Group
    file: str
    flow: str
    source: str | None = None
    module: str | None = None
    top: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    workers: int = 2
    ok: bool = True
    starts: bool = True

    def __str__(self) -> str:
        """The name for pytest: `-k graph-` selects a group."""
        return f"{self.group}-{self.id}"
