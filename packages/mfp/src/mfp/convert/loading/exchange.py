"""What goes into the process that loads a flow, and what comes out of it."""

from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from metaflow_prefect.deploy.description import Description
from metaflow_prefect.model import Runtime

if TYPE_CHECKING:
    from pydantic import ConfigDict, TypeAdapter

Form: TypeAlias = Literal["file", "text", "mermaid", "dot", "json"]
States: TypeAlias = dict[str, str | None]
Imports: TypeAlias = dict[str, dict[str, bool]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A flow to load and render.

    Attributes:
        path: The flow's file, absolute and without links.
        name: The class; None stands for the one that the file starts.
        source: The file relative to the generated file's folder, with `/` between.
        output: The generated file's own name.
        options: Metaflow's top-level options, as words.
        tags: Tags of the flow's runs.
        configs: Files of configs by the configs' names; only those that the flow has count.
        config_values: Values of configs, likewise.
        stub: Whether modules that are not installed are replaced by stubs.
        form: What is wanted of the flow: the generated file, or its graph in some form.
        runtime: Whether the generated file holds the runtime or imports it.
    """

    path: str
    name: str | None
    source: str
    output: str
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    configs: tuple[tuple[str, str], ...] = ()
    config_values: tuple[tuple[str, str], ...] = ()
    stub: bool = False
    form: Form = "file"
    runtime: Runtime = "embedded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What became of a request.

    Attributes:
        name: The class; None if loading did not get so far.
        text: The generated file or the graph; None if there is an error, or if the file holds
            it already.
        digest: The text's checksum; None if there is an error.
        deployment: What the flow's decorators make of its deployment; None if they cannot.
        deployment_problem: Why they cannot; empty mostly.
        error: What went wrong, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
        error_line: The line of the flow's file at which it went wrong, where there is one.
        note: What to know about a flow that was converted; empty mostly.
        configs: The names of its configs, each with the file beside the flow that is its default
            where the current folder has none.
        stand_ins: The modules that are not installed and were stood in for.
        is_complete: Whether loading depends on what follows and on nothing else.
        files: The files and folders that loading opened, outside of Python's own folders, with
            their states; also those that are not there.
        imports: The modules that it looked for, by the repository's folders, and which are there.
    """

    __pydantic_config__: ClassVar["ConfigDict"] = {"extra": "forbid"}

    name: str | None = None
    text: str | None = None
    digest: str | None = None
    deployment: Description | None = None
    deployment_problem: str = ""
    error: str | None = None
    remedy: str | None = None
    error_line: int | None = None
    note: str = ""
    configs: States = field(default_factory=dict)
    stand_ins: tuple[str, ...] = ()
    is_complete: bool = False
    files: States = field(default_factory=dict)
    imports: Imports = field(default_factory=dict)


@cache
def _adapter() -> "TypeAdapter[Reply]":
    from pydantic import TypeAdapter  # noqa: PLC0415  (takes a tenth of a second)

    return TypeAdapter(Reply)


def write_reply(reply: Reply) -> bytes:
    """Write a reply as JSON, for another process.

    Args:
        reply: The reply.

    Raises:
        ValueError: Something in it cannot be written as text.
    """
    return _adapter().dump_json(reply, warnings=False)


def read_reply(data: bytes) -> Reply:
    """Read a reply, which the flow's code may have tampered with.

    Args:
        data: What `write_reply` gave.

    Raises:
        ValueError: It is none.
    """
    reply = _adapter().validate_json(data, strict=True)
    if reply.text is not None and sha256(reply.text.encode()).hexdigest() != reply.digest:
        raise ValueError("the text has another checksum")
    return reply
