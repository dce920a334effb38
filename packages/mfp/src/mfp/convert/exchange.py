"""What goes into the process that loads a flow, and what comes out of it."""

import io
import pickle
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from metaflow_prefect.deployment import Description

Form: TypeAlias = Literal["file", "text", "mermaid", "dot"]
States: TypeAlias = dict[str, str | None]

PLAIN = frozenset({"str", "bytes", "int", "float", "set", "frozenset"})


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
        stub: Whether stand-ins take the place of modules that are not installed.
        ignored: The folder that generated files go to, which loading does not depend on.
        form: What is wanted of the flow: the generated file, or its graph in some form.
    """

    path: str
    name: str | None
    source: str
    output: str
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    stub: bool = False
    ignored: str = ""
    form: Form = "file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What became of a request.

    Attributes:
        name: The class; None if loading did not get so far.
        text: The generated file or the graph; None if there is an error, or if the file holds
            it already.
        digest: The text's checksum; None if there is an error.
        deployment: What the flow's decorators make of its deployment; None if they cannot.
        unfit: Why they cannot; empty mostly.
        error: What went wrong, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
        note: What to know about a flow that was converted; empty mostly.
        exact: Whether what follows is all that loading asked for, and as it was when it began.
        files: The files that loading asked for, outside of Python's own folders, with their
            states; also those that are not there.
        folders: The folders that it listed, likewise.
        modules: The folders in which it looked for modules, likewise.
        variables: The environment variables that it asked for, likewise.
    """

    name: str | None = None
    text: str | None = None
    digest: str | None = None
    deployment: Description | None = None
    unfit: str = ""
    error: str | None = None
    remedy: str | None = None
    note: str = ""
    exact: bool = False
    files: States = field(default_factory=dict)
    folders: States = field(default_factory=dict)
    modules: States = field(default_factory=dict)
    variables: States = field(default_factory=dict)


class LoadError(Exception):
    """A flow that cannot be loaded.

    Args:
        message: What is wrong, as a sentence without its full stop.
        remedy: What to do next, as a whole sentence.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy


class _Writer(pickle.Pickler):
    """Writes values of the flow's own classes as those that they are made of."""

    def reducer_override(self, obj: Any) -> Any:
        """Reduce an enumeration of text, or the like, to its plain value."""
        plain: Any
        for plain in (str, bytes, int, float):
            if isinstance(obj, plain) and type(obj) not in (plain, bool):
                return plain, ("".join(obj) if plain is str else plain(obj),)
        return NotImplemented


class _Reader(pickle.Unpickler):
    """Reads what `_Writer` wrote, and imports nothing that a flow has chosen."""

    def find_class(self, module: str, name: str) -> Any:
        """Find a class of ours, or a plain one."""
        ours = module.partition(".")[0] in ("mfp", "metaflow_prefect", "pathlib")
        if ours or (module == "builtins" and name in PLAIN):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not expected here")


def write_reply(reply: Reply) -> bytes:
    """Write a reply, for another process.

    Args:
        reply: The reply.
    """
    text = io.BytesIO()
    _Writer(text).dump(reply)
    return text.getvalue()


def read_reply(data: bytes) -> Reply:
    """Read a reply, which the flow's code may have tampered with.

    Args:
        data: What `write_reply` gave.

    Raises:
        pickle.UnpicklingError: It is none.
    """
    try:
        reply = _Reader(io.BytesIO(data)).load()
    except (AttributeError, ImportError, IndexError, TypeError, ValueError) as error:
        raise pickle.UnpicklingError(str(error)) from error
    if not isinstance(reply, Reply):
        raise pickle.UnpicklingError("it is no reply")
    return reply
