"""Prefect flow of the Metaflow flow ParametersKindsFlow, made from ../flows/parameters_kinds.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_kinds.py prefect create parameters_kinds.py
    python parameters_kinds.py --help
    prefect deploy parameters_kinds.py:parameters_kinds_flow
"""

# (here: what is the same in every file)

DEFAULTS: dict[str, Any] = {
    "json_text": {
        "a": [
            1,
            None,
            "é",
        ],
    },
    "json_value": {
        "b": {
            "c": [
                True,
            ],
        },
    },
}


@flow(
    name="ParametersKindsFlow",
)
def parameters_kinds_flow(
    *,
    empty: str = "",
    hidden_default: int = 7,
    integer: int = -3,
    json_null: Any = None,
    json_text: Any = DEFAULTS["json_text"],
    json_value: Any = DEFAULTS["json_value"],
    no: bool = False,
    no_flag: bool | None = None,
    no_integer: int | None = None,
    no_real: float | None = None,
    no_words: str | None = None,
    nothing: str | None = None,
    real: float = 1e-05,
    text: str = 'it\'s "quoted" \\ and\ttabbed',
    unicode: str = "žluťoučký 🐍",
    words: str = "one,two,three",
    yes: bool = True,
) -> State[Any]:
    """Run ParametersKindsFlow as a Metaflow run.

    Args:
        integer: A whole number, 100% of it.
    """
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "empty": empty,
            "hidden_default": hidden_default,
            "integer": integer,
            "json_null": json_null,
            "json_text": json_text,
            "json_value": json_value,
            "no": no,
            "no_flag": no_flag,
            "no_integer": no_integer,
            "no_real": no_real,
            "no_words": no_words,
            "nothing": nothing,
            "real": real,
            "text": text,
            "unicode": unicode,
            "words": words,
            "yes": yes,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ParametersKindsFlow",
        source="../flows/parameters_kinds.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="linear",
                next=[
                    "end",
                ],
            ),
            "end": StepFacts(
                task=step_end,
                kind="end",
            ),
        },
        parameters=[
            ParameterFacts(
                name="empty",
                argument="empty",
                kind="str",
            ),
            ParameterFacts(
                name="hidden_default",
                argument="hidden_default",
                kind="int",
            ),
            ParameterFacts(
                name="integer",
                argument="integer",
                kind="int",
                help="A whole number, 100% of it.",
            ),
            ParameterFacts(
                name="json_null",
                argument="json_null",
                kind="json",
            ),
            ParameterFacts(
                name="json_text",
                argument="json_text",
                kind="json",
            ),
            ParameterFacts(
                name="json_value",
                argument="json_value",
                kind="json",
            ),
            ParameterFacts(
                name="no",
                argument="no",
                kind="bool",
            ),
            ParameterFacts(
                name="no_flag",
                argument="no_flag",
                kind="bool",
            ),
            ParameterFacts(
                name="no_integer",
                argument="no_integer",
                kind="int",
            ),
            ParameterFacts(
                name="no_real",
                argument="no_real",
                kind="float",
            ),
            ParameterFacts(
                name="no_words",
                argument="no_words",
                kind="str",
            ),
            ParameterFacts(
                name="nothing",
                argument="nothing",
                kind="str",
            ),
            ParameterFacts(
                name="real",
                argument="real",
                kind="float",
            ),
            ParameterFacts(
                name="text",
                argument="text",
                kind="str",
            ),
            ParameterFacts(
                name="unicode",
                argument="unicode",
                kind="str",
            ),
            ParameterFacts(
                name="words",
                argument="words",
                kind="str",
            ),
            ParameterFacts(
                name="yes",
                argument="yes",
                kind="bool",
            ),
        ],
    )


@task(
    name="start",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_start(unit: Unit[Any]) -> State[Any] | None:
    """Run the step start."""
    return run_step(unit)


@task(
    name="end",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_end(unit: Unit[Any]) -> State[Any] | None:
    """Run the step end."""
    return run_step(unit)


# (here: what is the same in every file)


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    host = adopt_host(__process__, *__early__)
    code = main(
        flow_facts(),
        parameters_kinds_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
