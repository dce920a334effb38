"""From the model to the text of the generated file: pure and deterministic."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from hashlib import sha256

from metaflow_prefect.__about__ import __version__
from metaflow_prefect.generate.embed import LINE_LENGTH, embedded_runtime, import_lines
from metaflow_prefect.generate.literals import INDENT, escaped, exploded, literal, text_literal
from metaflow_prefect.generate.names import argument_names, function_name
from metaflow_prefect.model import (
    FlowModel,
    LiteralDict,
    LiteralList,
    Literals,
    ParameterModel,
    StepModel,
)

MARK = "# metaflow-prefect"
# What the flow's own part imports, beside what the runtime does.
IMPORTS: dict[str, set[str | None]] = {
    "functools": {None},
    "prefect": {"flow", "task"},
    "prefect.cache_policies": {"NO_CACHE"},
    "socket": {None},
    "subprocess": {None},
    "sys": {None},
}
TYPES = {"int": "int", "float": "float", "bool": "bool", "str": "str", "file": "str"}


def render(flow: FlowModel, *, source: str, output: str) -> str:
    """Write the Prefect file of a flow.

    Args:
        flow: The flow.
        source: The flow's file, relative to the generated file, with `/` between.
        output: The generated file's own name.

    Returns:
        The text of the file.
    """
    runtime = embedded_runtime()
    function = flow_function_name(flow)
    body = "\n".join(
        [
            *_docstring(flow, source, output, function),
            "",
            *_imports(flow),
            "",
            *(_defaults(flow) or [""]),
            *_flow_function(flow, function),
            "",
            "",
            *_facts(flow, source),
            *(line for step in flow.steps for line in ("", "", *_task(step))),
            "",
            "",
            "# ===== The runtime: the same in every file of one version " + "=" * 20,
            "",
            runtime.prefect_side,
            "",
            "",
            "# ===== Metaflow's side: loaded by the processes that run Metaflow " + "=" * 12,
            "",
            runtime.metaflow_side,
            "",
            "",
            'if __name__ == "__main__":',
            "    gc.freeze()",
            "    gc.enable()",
            "    host = adopt_host(__process__, *__early__)",
            *_main(function),
            "    end_process(code)",
            "",
        ]
    )
    return f"{header(body, flow.name)}\n{body}"


def flow_function_name(flow: FlowModel) -> str:
    """Return the name of the generated file's flow function."""
    return function_name(flow.name, [*embedded_runtime().names, *_imported_names(flow)])


def _main(function: str) -> list[str]:
    arguments = ["flow_facts()", function, "__file__", "host", "sys.argv[1:]"]
    return [f"{INDENT}{exploded('code = main(', arguments, ')', 1)}"]


def header(body: str, flow: str) -> str:
    """Return the first line of a generated file, by which it is recognised.

    Its checksum tells whether the rest has been edited since.
    """
    digest = sha256(body.encode()).hexdigest()[:16]
    return f"{MARK} {__version__} {flow} {digest}"


def _docstring(flow: FlowModel, source: str, output: str, function: str) -> list[str]:
    flow_file, out_file = shlex.quote(source), shlex.quote(output)
    lines = [
        f"Prefect flow of the Metaflow flow {flow.name}, made from {source}.",
        "",
        "Do not edit it: change the flow and make it again.",
        "",
        f"    python {flow_file} prefect create {out_file}",
        f"    python {out_file} --help",
        f"    prefect deploy {shlex.quote(f'{output}:{function}')}",
    ]
    return ['"""' + "\n".join(map(docstring_text, lines)), '"""']


def _wanted(flow: FlowModel) -> dict[str, set[str | None]]:
    """Return what the file imports: names by modules, `None` for the module itself."""
    wanted: dict[str, set[str | None]] = {}
    for module, names in (*embedded_runtime().imports, *IMPORTS.items()):
        wanted.setdefault(module, set()).update(names)
    del wanted["__future__"]
    if any(parameter.choices for parameter in flow.parameters):
        wanted.setdefault("typing", set()).add("Literal")
    return wanted


def _imported_names(flow: FlowModel) -> set[str]:
    return {
        module.split(".")[0] if name is None else name
        for module, names in _wanted(flow).items()
        for name in names
    }


def _imports(flow: FlowModel) -> list[str]:
    runtime = embedded_runtime()
    wanted = _wanted(flow)
    prefect = {m: names for m, names in wanted.items() if m.split(".")[0] == "prefect"}
    standard = {m: names for m, names in wanted.items() if m not in prefect}
    return [
        "from __future__ import annotations",
        "",
        *import_lines(standard),
        "",
        f'__program__ = r"""{runtime.program}"""',
        "__metaflow__: Callable[..., subprocess.Popen[Any]] = functools.partial(",
        "    subprocess.Popen,",
        '    [sys.executable, "-c", __program__, __file__, "run"],',
        "    stdout=subprocess.PIPE,",
        "    stderr=subprocess.STDOUT,",
        ")",
        'if __name__ == "__main__":',
        "    # Metaflow is imported by a process of its own, while this one imports Prefect.",
        "    __early__ = socket.socketpair()",
        "    __process__ = __metaflow__(stdin=__early__[1].fileno())",
        "    gc.disable()  # what is imported stays",
        "",
        *import_lines(prefect),
    ]


def _flow_function(flow: FlowModel, function: str) -> list[str]:
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    decorator = [f"name={text_literal(flow.name)}"]
    if flow.description:
        decorator.append(f"description={text_literal(flow.description)}")
    signature = [_argument(parameter, arguments[parameter.name]) for parameter in flow.parameters]
    values = [
        f"{text_literal(parameter.name)}: {arguments[parameter.name]}"
        for parameter in flow.parameters
    ]
    head = exploded(f"def {function}(", ["*", *signature] if signature else [], ")", 0)
    lines = [
        exploded("@flow(", decorator, ")", 0),
        f"{head} -> State[Any]:",
        *_flow_docstring(flow, arguments),
        f"{INDENT}return run_flow(",
        f"{INDENT * 2}flow_facts(),",
        f"{INDENT * 2}__file__,",
        f"{INDENT * 2}__metaflow__,",
        f"{INDENT * 2}{exploded('{', values, '}', 2)},",
        f"{INDENT})",
    ]
    if any(_is_long(f"{INDENT}{line},") for line in signature):
        # The formatter breaks a type or default in two, which nobody can read.
        return ["# fmt: off", *lines, "# fmt: on"]
    return lines


def _is_long(line: str) -> bool:
    """Return whether the formatter may find a line too long; wide characters count two."""
    return sum(1 if c.isascii() else 2 for c in line) > LINE_LENGTH


def _argument(parameter: ParameterModel, name: str) -> str:
    kind = TYPES.get(parameter.kind, "Any")
    if parameter.choices:
        kind = f"Literal[{', '.join(text_literal(c) for c in parameter.choices)}]"
    if parameter.is_flag and isinstance(parameter.flag_value, bool):
        kind = "bool"
    if parameter.arity != 1:
        kind = f"list[{kind}]"
    if parameter.multiple:
        kind = f"list[{kind}]"
    if parameter.required:
        return f"{name}: {kind}"
    if parameter.default is None:
        optional = kind if kind == "Any" else f"{kind} | None"
        return f"{name}: {optional} = None"
    if isinstance(parameter.default, (LiteralList, LiteralDict)):
        return f"{name}: {kind} = DEFAULTS[{text_literal(parameter.name)}]"
    return f"{name}: {kind} = {literal(parameter.default, 1)}"


def _defaults(flow: FlowModel) -> list[str]:
    """Write the defaults that are lists or dictionaries apart from the signature."""
    entries = [
        f"{text_literal(parameter.name)}: {literal(parameter.default, 1)}"
        for parameter in flow.parameters
        if isinstance(parameter.default, (LiteralList, LiteralDict))
    ]
    if not entries:
        return []
    return [f"DEFAULTS: dict[str, Any] = {exploded('{', entries, '}', 0)}", "", ""]


def _flow_docstring(flow: FlowModel, arguments: dict[str, str]) -> list[str]:
    """Write the docstring from which Prefect takes the parameters' descriptions."""
    described = [parameter for parameter in flow.parameters if parameter.help.strip()]
    title = f'{INDENT}"""Run {flow.name} as a Metaflow run.'
    if not described:
        return [title + '"""']
    lines = [title, "", f"{INDENT}Args:"]
    for parameter in described:
        text = docstring_line(parameter.help)
        lines.append(f"{INDENT * 2}{arguments[parameter.name]}: {text}")
    return [*lines, f'{INDENT}"""']


def docstring_line(text: str) -> str:
    """Return a text as one line of a docstring, whatever it holds, its blanks made one."""
    return docstring_text(" ".join(text.split()))


def docstring_text(text: str) -> str:
    """Return a text as it must be written inside of a docstring's line."""
    return escaped(text).replace('"""', r"\"\"\"")


def _facts(flow: FlowModel, source: str) -> list[str]:
    arguments = argument_names(parameter.name for parameter in flow.parameters)
    steps = [f"{text_literal(step.name)}: {_step_facts(step)}" for step in flow.steps]
    parameters = [
        _parameter_facts(parameter, arguments[parameter.name]) for parameter in flow.parameters
    ]
    entries = [
        f"name={text_literal(flow.name)}",
        f"source={text_literal(source)}",
        f"start={text_literal(flow.start)}",
        f"steps={exploded('{', steps, '}', 2)}",
    ]
    if parameters:
        entries.append(f"parameters={exploded('[', parameters, ']', 2)}")
    if flow.configs.items:
        entries.append(f"configs={literal(flow.configs, 2)}")
    for name, words in (("options", flow.options), ("run_options", flow.run_options)):
        if words:
            entries.append(f"{name}={literal(LiteralList(words), 2)}")
    return [
        "def flow_facts() -> FlowFacts:",
        f'{INDENT}"""Return what the runtime has to know about the flow."""',
        f"{INDENT}return {exploded('FlowFacts(', entries, ')', 1)}",
    ]


def _step_facts(step: StepModel) -> str:
    entries = [f"task=step_{step.name}", f"kind={text_literal(step.kind)}"]
    if step.next:
        entries.append(f"next={literal(LiteralList(step.next), 4)}")
    if step.closes:
        entries.append(f"closes={text_literal(step.closes)}")
    return exploded("StepFacts(", entries, ")", 3)


def _parameter_facts(parameter: ParameterModel, argument: str) -> str:
    entries = [
        f"name={text_literal(parameter.name)}",
        f"argument={text_literal(argument)}",
        f"kind={text_literal(parameter.kind)}",
        *_settings(
            parameter,
            (
                *("required", "help", "choices", "multiple"),
                *("is_flag", "flag_value", "arity", "is_counter"),
            ),
        ),
    ]
    return exploded("ParameterFacts(", entries, ")", 3)


def _settings(parameter: ParameterModel, names: Iterable[str]) -> list[str]:
    """Write the settings that differ from what they are by default."""
    plain = ParameterModel(name="", kind="str")
    return [
        f"{name}={literal(_listed(getattr(parameter, name)), 4)}"
        for name in names
        if getattr(parameter, name) != getattr(plain, name)
    ]


def _listed(value: Literals) -> Literals:
    return LiteralList(value) if isinstance(value, tuple) else value


def _task(step: StepModel) -> list[str]:
    entries: list[tuple[str, Literals]] = [("name", step.name)]
    if step.description:
        entries.append(("description", step.description))
    retries = step.user_retries + step.error_retries
    if retries:
        entries.append(("retries", retries))
    if step.retry_delay:
        delays = [step.retry_delay] * step.user_retries + [0.0] * step.error_retries
        entries.append(("retry_delay_seconds", LiteralList(tuple(delays))))
    if step.tags:
        entries.append(("tags", LiteralList(step.tags)))
    settings = [f"{name}={literal(value, 1)}" for name, value in entries]
    settings += ["persist_result=False", "cache_policy=NO_CACHE"]
    head = f"def step_{step.name}(unit: Unit[Any]) -> State[Any] | None:"
    if _is_long(head):
        opening = f"def step_{step.name}("
        head = f"{exploded(opening, ['unit: Unit[Any]'], ')', 0)} -> State[Any] | None:"
    return [
        exploded("@task(", settings, ")", 0),
        head,
        f'{INDENT}"""Run the step {step.name}."""',
        f"{INDENT}return run_step(unit)",
    ]
