"""What goes into the process that loads a flow, and what comes out of it."""

import io
import json
import pickle
from dataclasses import dataclass, field, is_dataclass
from hashlib import sha256
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from metaflow_prefect.deploy.description import Description

Form: TypeAlias = Literal["file", "text", "mermaid", "dot"]
States: TypeAlias = dict[str, str | None]


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
        secret: What the checksums of environment variables are made with.
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
    secret: bytes = b""


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
        files: The files that loading opened, outside of Python's own folders, with their
            states; also those that are not there.
        asked: The paths that it only asked about, likewise.
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
    asked: States = field(default_factory=dict)
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


CLASSES: dict[tuple[str, str], type[Any]] = {
    (found.__module__, found.__qualname__): found
    for found in (Reply, Description, str, bytes, int, float)
}


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
        """Find one of the classes of which a reply is made, and nothing by way of them."""
        found = CLASSES.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name} is not expected here")
        return found


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
        return checked(reply)
    except Exception as error:  # bytes that somebody chose can raise anything
        raise pickle.UnpicklingError(str(error)) from error


def checked(reply: Any) -> Reply:
    """Check that a reply is what its fields say.

    Args:
        reply: What was read from a file.

    Raises:
        TypeError: A value has another type, or it is no reply at all.
        ValueError: A value cannot be written as text or JSON.
    """
    if not _fits(reply, Reply):
        raise TypeError("it is no reply")
    found: Reply = reply
    if found.text is not None and sha256(found.text.encode()).hexdigest() != found.digest:
        raise ValueError("the text has another checksum")
    if found.deployment is not None:
        json.dumps(found.deployment.as_json())
    return found


def _fits(value: Any, kind: Any) -> bool:
    """Say whether a value has a type, which is one of those that a reply's fields have."""
    inner = get_args(kind)
    if kind is Any:
        return True
    if get_origin(kind) in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(one, inner[0]) for one in value)
    if get_origin(kind) is dict:
        return isinstance(value, dict) and all(
            _fits(name, inner[0]) and _fits(one, inner[1]) for name, one in value.items()
        )
    if type(value) is not kind:
        return False
    fields = get_type_hints(kind).items() if is_dataclass(kind) else ()
    return all(hasattr(value, name) and _fits(getattr(value, name), one) for name, one in fields)
