"""Prefect flow of the Metaflow flow ParametersRequiredFlow, made from ../flows/parameters_required.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_required.py prefect create parameters_required.py
    python parameters_required.py --help
    prefect deploy parameters_required.py:parameters_required_flow
"""

# (here: what is the same in every file)


@flow(
    name="ParametersRequiredFlow",
)
def parameters_required_flow(
    *,
    number: int,
    table: Any,
    text: str,
) -> State[Any]:
    """Run ParametersRequiredFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "number": number,
            "table": table,
            "text": text,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ParametersRequiredFlow",
        source="../flows/parameters_required.py",
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
                name="number",
                argument="number",
                kind="int",
                required=True,
            ),
            ParameterFacts(
                name="table",
                argument="table",
                kind="json",
                required=True,
            ),
            ParameterFacts(
                name="text",
                argument="text",
                kind="str",
                required=True,
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
        parameters_required_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
