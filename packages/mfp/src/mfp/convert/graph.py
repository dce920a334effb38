"""Draw the graph of a flow: as text, for Mermaid and for Graphviz."""

import json
from collections.abc import Iterator, Mapping

from metaflow_prefect.deploy.defaults import plain_value
from metaflow_prefect.model import FlowModel, ParameterModel
from metaflow_prefect.runtime.facts import Step

from mfp.convert.loading.exchange import Form
from mfp.terminal import plain_table, printable

# How an edge is labelled, by the kind of the step that it leaves.
LABELS: Mapping[str, str] = {"foreach": "for each", "switch": "one of"}


def draw(flow: FlowModel, form: Form) -> str:
    """Draw a flow.

    Args:
        flow: The flow.
        form: `text`, `mermaid`, `dot` or `json`.

    Returns:
        The drawing, with a line break at its end.
    """
    writers = {"text": _text, "mermaid": _mermaid, "dot": _dot, "json": _json}
    return "".join(f"{line}\n" for line in writers[form](flow))


def _text(flow: FlowModel) -> Iterator[str]:
    yield flow.name
    if flow.description:
        yield f"  {printable(flow.description.strip().splitlines()[0])}"
    if flow.parameters:
        parameters = [_parameter(one) for one in flow.parameters]
        header = ("PARAMETER", "KIND", "DEFAULT", "HELP")
        yield from ("", *plain_table(header, parameters).splitlines())
    steps = [(one.name, _kind(one), _goes_to(one)) for one in flow.steps]
    yield from ("", *plain_table(("STEP", "KIND", "GOES TO"), steps).splitlines())


def _parameter(one: ParameterModel) -> tuple[str, str, str, str]:
    default = "required" if one.required else ""
    if one.default is not None:
        default = repr(plain_value(one.default))
    return printable(one.name), one.kind, printable(default), printable(one.help)


def _kind(step: Step) -> str:
    parts = [f"join of {step.closes}" if step.closes else step.kind]
    if retries := step.task.user_retries:
        parts.append(f"{retries} {'retry' if retries == 1 else 'retries'}")
    return ", ".join(parts)


def _goes_to(step: Step) -> str:
    label = LABELS.get(step.kind, "")
    names = " | ".join(step.next) if step.kind == "switch" else ", ".join(step.next)
    return f"{label}: {names}" if label else names


def _edges(flow: FlowModel) -> Iterator[tuple[str, str, str]]:
    for step in flow.steps:
        for target in step.next:
            yield step.name, target, LABELS.get(step.kind, "")


def _mermaid(flow: FlowModel) -> Iterator[str]:
    # Numbers, since a step may have a name that Mermaid reserves.
    ids = {step.name: f"s{number}" for number, step in enumerate(flow.steps)}
    yield "flowchart TD"
    for step in flow.steps:
        opening, closing = ("([", "])") if step.kind == "join" else ("[", "]")
        yield f'    {ids[step.name]}{opening}"{step.name}"{closing}'
    for source, target, label in _edges(flow):
        yield f"    {ids[source]} -->{f'|{label}|' if label else ''} {ids[target]}"


def _dot(flow: FlowModel) -> Iterator[str]:
    yield f'digraph "{flow.name}" {{'
    for step in flow.steps:
        yield f'  "{step.name}" [shape={"ellipse" if step.kind == "join" else "box"}];'
    for source, target, label in _edges(flow):
        yield f'  "{source}" -> "{target}"{f" [label={chr(34)}{label}{chr(34)}]" if label else ""};'
    yield "}"


def _json(flow: FlowModel) -> Iterator[str]:
    document = {
        "name": flow.name,
        "description": flow.description,
        "parameters": [
            {
                "name": one.name,
                "kind": one.kind,
                "default": plain_value(one.default),
                "required": one.required,
                "help": one.help,
            }
            for one in flow.parameters
        ],
        "steps": [
            {
                "name": one.name,
                "kind": one.kind,
                "next": one.next,
                "closes": one.closes,
                "retries": one.task.user_retries,
                "description": one.task.description,
            }
            for one in flow.steps
        ],
    }
    yield json.dumps(document, indent=2)
