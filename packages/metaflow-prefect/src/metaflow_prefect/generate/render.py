"""From the model to the text of the generated file: pure and deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metaflow_prefect.generate.embed import LINE_LENGTH, LOADER_COMMAND, embedded_runtime
from metaflow_prefect.generate.generated_file import Origin, docstring, with_header
from metaflow_prefect.generate.literals import literal, text_literal
from metaflow_prefect.generate.names import argument_names, function_name
from metaflow_prefect.generate.signature import argument_lines, documentation_lines, typing_names
from metaflow_prefect.model import (
    FlowModel,
    LiteralList,
    Literals,
    ParameterModel,
    Runtime,
    TaskModel,
)
from metaflow_prefect.runtime.facts import Step

FILE = """\
{docstring}

from __future__ import annotations

{prelude}
from prefect import flow, task


{tasks}


{flow}


{metaflow_flow}


{runtime}if __name__ == "__main__":
{main}
"""
FLOW = '''\
@flow({settings})
def {function}({arguments}) -> Any:
    """Run {name} as a Metaflow run.{documentation}"""
    return run_flow(metaflow_flow(), locals())'''
METAFLOW_FLOW = '''\
def metaflow_flow() -> Any:
    """Return where the Metaflow flow is, and its graph."""
    return MetaflowFlow(
        file=__file__,
        name={name},
        source={source},
        graph=[
{steps}
        ],
{more}    )'''
# Before Prefect is imported, Metaflow is by a process of its own: both take seconds.
PRELUDES: dict[Runtime, str] = {
    "embedded": """\
import gc
import socket
import sys
from subprocess import PIPE, STDOUT, Popen
from typing import {typing}

LOADER = r"{loader}"
HOST = sys.executable, "-c", LOADER
if __name__ == "__main__":  # a process of its own imports Metaflow, beside Prefect
    gc.disable()  # until Prefect is imported, as that stays
    ends = socket.socketpair()
    fd = ends[1].fileno()
    early = Popen([*HOST, __file__, "run"], stdin=fd, stdout=PIPE, stderr=STDOUT), *ends
""",
    "installed": """\
from typing import {typing}

from metaflow_prefect.runtime import start_early

if __name__ == "__main__":  # a process of its own imports Metaflow, beside Prefect
    early = start_early(__file__)

from metaflow_prefect.runtime import MetaflowFlow, Step, main, run_flow""",
}


def render(flow: FlowModel, *, source: str, output: str, runtime: Runtime = "embedded") -> str:
    """Write the Prefect file of a flow.

    Args:
        flow: The flow.
        source: The flow's file, relative to the generated file, with `/` between.
        output: The generated file's own name.
        runtime: Whether the file holds the runtime or imports it.

    Returns:
        The text of the file.
    """
    function = function_name(flow.name)
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    parameters = {arguments[one.name]: one for one in flow.parameters}
    prelude = PRELUDES[runtime].format(
        loader=LOADER_COMMAND, typing=", ".join(typing_names(parameters))
    )
    options = "" if runtime == "embedded" else f"--runtime {runtime}"
    body = FILE.format(
        docstring=docstring(Origin(flow.name, source), output, function, options),
        prelude=prelude,
        tasks="\n".join(_task(step.task) for step in flow.steps),
        flow=_flow(flow, function, parameters),
        metaflow_flow=_metaflow_flow(flow, source),
        runtime=f"{embedded_runtime().text}\n\n\n" if runtime == "embedded" else "",
        main=_unbroken(f"    main(metaflow_flow(), {function}, early)"),
    )
    return with_header(body, flow.name)


def _flow(flow: FlowModel, function: str, parameters: Mapping[str, ParameterModel]) -> str:
    settings = [f"name={text_literal(flow.name)}"]
    if flow.description:
        settings.append(f"description={text_literal(flow.description)}")
    line = f"@flow({', '.join(settings)})"
    arguments = argument_lines(parameters)
    text = FLOW.format(
        settings=_block([f"{one}," for one in settings], 1)
        if _is_long(line)
        else ", ".join(settings),
        function=function,
        arguments=_block(arguments, 1),
        name=flow.name,
        documentation=_documentation(documentation_lines(parameters)),
    )
    lines = [f"    {argument}" for argument in arguments]
    return _formatted(text, lines or [f"def {function}() -> Any:"])


def _metaflow_flow(flow: FlowModel, source: str) -> str:
    steps = [f"            {_step(step)}," for step in flow.steps]
    more = [
        f"{name}={literal(LiteralList(words))}"
        for name, words in (("options", flow.options), ("run_options", flow.run_options))
        if words
    ]
    if flow.configs.items:
        configs = [f"{literal(name)}: {literal(value)}," for name, value in flow.configs.items]
        more.append(f"configs={{{_block(configs, 3)}}}")
    text = METAFLOW_FLOW.format(
        name=text_literal(flow.name),
        source=text_literal(source),
        steps="\n".join(steps),
        more="".join(f"        {entry},\n" for entry in more),
    )
    return _formatted(text, [*steps, *"\n".join(more).splitlines()])


def _task(task: TaskModel) -> str:
    entries: list[tuple[str, Literals]] = [("name", task.name)]
    if task.description:
        entries.append(("description", task.description))
    if retries := task.user_retries + task.error_retries:
        entries.append(("retries", retries))
    if task.retry_delay:
        delays = [task.retry_delay] * task.user_retries + [0.0] * task.error_retries
        same = len(set(delays)) == 1
        entries.append(("retry_delay_seconds", delays[0] if same else LiteralList(tuple(delays))))
    if task.tags:
        entries.append(("tags", LiteralList(task.tags)))
    settings = ", ".join(f"{name}={literal(value)}" for name, value in entries)
    lines = (f"@task({settings})", f"def step_{task.name}() -> None: ...")
    return "\n".join(map(_unbroken, lines))


def _step(step: Step) -> str:
    words = [f"step_{step.name}", text_literal(step.kind)]
    if step.next:
        words.append(literal(LiteralList(tuple(step.next))))
    if step.closes:
        words.append(f"closes={text_literal(step.closes)}")
    return f"Step({', '.join(words)})"


def _documentation(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return "\n".join(["", "", "    Args:", *(f"        {line}" for line in lines), "    "])


def _block(lines: Sequence[str], depth: int) -> str:
    """Write lines between brackets, each with its comma; nothing if there are none."""
    indent = "    " * depth
    return "\n".join(["", *(f"{indent}{line}" for line in lines), indent[4:]]) if lines else ""


def _formatted(code: str, lines: Sequence[str]) -> str:
    """Keep the formatter from breaking lines of some code into what nobody can read."""
    return f"# fmt: off\n{code}\n# fmt: on" if any(map(_is_long, lines)) else code


def _unbroken(line: str) -> str:
    """Keep the formatter from breaking a statement of one line."""
    return f"{line}  # fmt: skip" if _is_long(line) else line


def _is_long(line: str) -> bool:
    """Return whether the formatter may find a line too long; wide characters count two."""
    return sum(1 if c.isascii() else 2 for c in line) > LINE_LENGTH
