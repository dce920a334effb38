"""The process that loads one flow: apart from all others, whatever the flow does to it."""

import io
import json
import os
import signal
import sys
from hashlib import sha256
from importlib import invalidate_caches
from inspect import getsource
from pathlib import Path
from typing import Any, NoReturn

from metaflow_prefect.deploy.description import describe
from metaflow_prefect.deploy.tokens import with_first_token
from metaflow_prefect.errors import FlowProblem, MetaflowPrefectError
from metaflow_prefect.generate.embed import embedded_runtime
from metaflow_prefect.generate.render import render
from metaflow_prefect.load.configs import ConfigFiles
from metaflow_prefect.load.deployment import load_deployment
from metaflow_prefect.load.flow import load_flow
from metaflow_prefect.load.flow_class import load_class
from metaflow_prefect.load.prepare import (
    config_files,
    config_values,
    prepare,
    values_that_decide,
    values_that_deploy,
)
from metaflow_prefect.model import FlowModel

from mfp.convert.graph import draw
from mfp.convert.installed import installed_folders
from mfp.convert.loading.exchange import Reply, Request, write_reply
from mfp.convert.loading.explain import explained, line_of
from mfp.convert.loading.missing import modules_stood_in_for, stand_in_for_missing
from mfp.convert.loading.standin import RefusedError, refuse_in_text, refuse_in_values
from mfp.convert.memory.record import Record

# Kept here, as a flow may put its own into the modules.
_EXIT = os._exit
_WRITE = Path.write_bytes
_RENAME = Path.replace


def warm_up() -> None:
    """Have this process remember what all children need, instead of each finding it out."""
    embedded_runtime()
    installed_folders()
    write_reply(Reply())  # which imports pydantic
    getsource(warm_up)  # the tokenizer's expressions, with which Metaflow reads steps


def run_child(request: Request, answer: Path, output: int) -> NoReturn:
    """Convert one flow, write the reply and end the process.

    Args:
        request: The flow.
        answer: The file for the pickled reply; it appears only whole.
        output: The descriptor that takes what the flow prints.
    """
    code = 1
    try:
        _detach(output)
        reply = converted(request)
        part = answer.with_suffix(".part")
        _WRITE(part, _written(reply))
        _RENAME(part, answer)
        code = 0
    finally:
        _EXIT(code)


def converted(request: Request) -> Reply:
    """Load and render a flow in this process, which is of no use afterwards.

    Args:
        request: The flow.

    Returns:
        The generated text or the reason why there is none.
    """
    record = Record(request.path)
    invalidate_caches()  # so that this process looks into each folder itself, on record
    record.begin()
    found: dict[str, Any] = {}
    try:
        found["text"] = _text(request, found)
    except BaseException as error:  # noqa: BLE001  (a flow may raise anything)
        record.end()
        reason, remedy = _explained(error, request)
        line = line_of(error, request.path)
        return Reply(name=found.get("name"), error=reason, remedy=remedy, error_line=line)
    record.end()
    return Reply(
        **found,
        digest=sha256(found["text"].encode()).hexdigest(),
        stand_ins=modules_stood_in_for(),
        is_complete=record.is_complete,
        files=record.files,
        imports=record.imports(),
    )


def _written(reply: Reply) -> bytes:
    try:
        return write_reply(reply)
    except ValueError as error:  # half of a character in a file's name, or the like
        remedy = "Use names and texts that can be written as UTF-8."
        problem = f"What loading found cannot be written as text: {error}"
        return write_reply(Reply(error=problem.encode("ascii", "replace").decode(), remedy=remedy))


def _explained(error: BaseException, request: Request) -> tuple[str, str]:
    reason, remedy = explained(error, request.path)
    reason, remedy = (one.encode("utf-8", "backslashreplace").decode() for one in (reason, remedy))
    if not request.stub or isinstance(error, RefusedError):
        return reason, remedy
    try:
        refuse_in_text(reason, "loading the flow")
    except RefusedError as refused:
        return refused.message, refused.remedy
    if isinstance(error, MetaflowPrefectError) or not (modules := modules_stood_in_for()):
        return reason, remedy
    names = ", ".join(modules)
    return f"{reason.rstrip('.')}; stubs were used for {names}", f"Install {names}."


def _text(request: Request, found: dict[str, Any]) -> str:
    if request.stub:
        stand_in_for_missing()
    words = ("prefect", "create", request.output)
    flow_class, note = load_class(request.path, request.name, words)
    found.update(name=flow_class.__name__, note=note)
    if request.stub:
        for where, value in values_that_decide(flow_class(use_cli=False)):
            refuse_in_values(value, where)
    flow, options = prepare(flow_class, request.options, request.configs, request.config_values)
    found["configs"] = config_files(flow)
    if request.stub:
        for name, value in config_values(flow).items():
            refuse_in_values(value, f"the config {name}")
    if ConfigFiles.taken:
        found["note"] = " ".join(filter(None, [note, *ConfigFiles.notes()]))
    model = load_flow(flow, options=options, run_options=[f"--tag={tag}" for tag in request.tags])
    if request.form != "file":
        return draw(model, request.form)
    found.update(_deployment(flow, model, request))
    if problem := found.get("deployment_problem"):
        found["note"] = f"{found['note']} It cannot be deployed as it is: {problem}.".lstrip()
    text = render(model, source=request.source, output=request.output, runtime=request.runtime)
    if request.stub:
        refuse_in_text(text, "the generated file")
    return text


def _deployment(flow: Any, model: FlowModel, request: Request) -> dict[str, Any]:
    """Describe the flow's deployment; where that is impossible, it can be converted still."""
    try:
        if request.stub:
            for where, value in values_that_deploy(flow):
                refuse_in_values(value, where)
        facts = load_deployment(flow)
        described = describe(model, facts, tags=request.tags, personal=False)
        described = with_first_token(described, facts)
        if request.stub:
            refuse_in_text(json.dumps(described.as_json()), "its deployment")
        json.dumps(described.as_json(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return {"deployment_problem": "Its deployment has a text that is not valid Unicode"}
    except FlowProblem as problem:
        return {"deployment_problem": str(problem).rstrip(".")}
    return {"deployment": described}


def _detach(output: int) -> None:
    """Leave the terminal, the parent's process group and its standard streams."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 256)
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.FileIO(0, "r", closefd=False))  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _writer(1)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writer(2)  # type: ignore[misc]


def _writer(descriptor: int) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, errors="backslashreplace", write_through=True)
