"""Prefect flow of the Metaflow flow ParametersClickFlow, made from ../flows/parameters_click.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_click.py prefect create parameters_click.py
    python parameters_click.py --help
    prefect deploy parameters_click.py:parameters_click_flow
"""

# (here: what is the same in every file)

DEFAULTS: dict[str, Any] = {
    "numbers": [
        1,
        2,
    ],
}


@flow(
    name="ParametersClickFlow",
)
def parameters_click_flow(
    *,
    color: Literal["red", "green"] = "red",
    flag: bool = False,
    level: Any = 2,
    loud: int = 0,
    many: list[str] | None = None,
    numbers: list[int] = DEFAULTS["numbers"],
    pair: list[float] | None = None,
) -> State[Any]:
    """Run ParametersClickFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "color": color,
            "flag": flag,
            "level": level,
            "loud": loud,
            "many": many,
            "numbers": numbers,
            "pair": pair,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ParametersClickFlow",
        source="../flows/parameters_click.py",
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
                name="color",
                argument="color",
                kind="str",
                choices=[
                    "red",
                    "green",
                ],
            ),
            ParameterFacts(
                name="flag",
                argument="flag",
                kind="bool",
                is_flag=True,
            ),
            ParameterFacts(
                name="level",
                argument="level",
                kind="other",
            ),
            ParameterFacts(
                name="loud",
                argument="loud",
                kind="int",
                is_counter=True,
            ),
            ParameterFacts(
                name="many",
                argument="many",
                kind="str",
                multiple=True,
            ),
            ParameterFacts(
                name="numbers",
                argument="numbers",
                kind="int",
                multiple=True,
            ),
            ParameterFacts(
                name="pair",
                argument="pair",
                kind="float",
                arity=2,
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
        parameters_click_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
