"""What a generated file says of its flow, and Metaflow when it loads that flow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

# A Metaflow run is named after the Prefect flow run that it belongs to.
RUN_PREFIX = "prefect-"
StepKind = Literal["linear", "split", "foreach", "switch", "join", "end"]
ParameterKind = Literal["int", "float", "bool", "str", "json", "file", "other"]


def is_unicode(value: Any) -> bool:
    """Return whether a value has no lone surrogate, of which Prefect can keep none.

    A word of the command line that is not UTF-8 has one.

    Args:
        value: What is to be written as JSON.
    """
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def can_write(file: str) -> bool:
    """Return whether a file can be written, or made where it is not there.

    Args:
        file: Its path.
    """
    path = Path(file).absolute()
    place = path if path.exists() else path.parent
    return not path.is_dir() and os.access(place, os.W_OK)


@dataclass(frozen=True)
class Step:
    """A step of the flow's graph.

    Args:
        task: The Prefect task that stands for it.
        kind: How it goes on: to one step, to several, to one for each value, to one
            that it chooses at run time, or nowhere. A join's kind is "join", however
            it goes on.
        next: The steps that it may go on to.
        closes: Of a join: the step whose split or foreach it joins.
    """

    task: Any
    kind: StepKind
    next: Sequence[str] = ()
    closes: str | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.task.name)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the flow.

    Args:
        name: Its name in Metaflow, and so on the command line.
        argument: Its name in the signature of the Prefect flow.
        kind: How its values are written.
        required: Whether a run needs a value for it.
        help: Its help text.
        choices: The values that it may have, if they are few.
        multiple: Whether it may be given several times.
        is_flag: Whether it stands on the command line without a value.
        flag_value: Of a flag: the value that it has if it stands there.
        arity: How many values follow it on the command line.
        is_counter: Whether its value is how often it stands on the command line.
    """

    name: str
    argument: str = ""
    kind: ParameterKind
    required: bool = False
    help: str = ""
    choices: Sequence[str] = ()
    multiple: bool = False
    is_flag: bool = False
    flag_value: Any = True
    arity: int = 1
    is_counter: bool = False

    def interface(self) -> dict[str, Any]:
        """Return what a caller depends on, apart from a default."""
        facts = asdict(self)
        del facts["argument"], facts["help"]
        return facts


@dataclass(frozen=True, kw_only=True)
class MetaflowFlow:
    """The Metaflow flow of a generated file.

    Args:
        file: The generated file.
        name: The name of the `FlowSpec` class.
        source: The path of its file, relative to the generated file.
        graph: Its steps, the first one first.
        options: Metaflow's top-level options that the flow was converted with.
        run_options: Options of Metaflow's `run` command likewise.
        configs: The values of its configs, as they were when it was converted: by
            name, each value with whether Metaflow takes it as it is.
    """

    file: str
    name: str
    source: str
    graph: Sequence[Step]
    options: Sequence[str] = ()
    run_options: Sequence[str] = ()
    configs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> dict[str, Step]:
        """Its steps by name, the first one first."""
        return {step.name: step for step in self.graph}
