"""Prefect flow of the Metaflow flow SwitchNestedFlow, made from ../flows/switch_nested.py.

Do not edit it: change the flow and make it again.

    python ../flows/switch_nested.py prefect create switch_nested.py
    python switch_nested.py --help
    prefect deploy switch_nested.py:switch_nested_flow
"""

# (here: what is the same in every file)


@flow(
    name="SwitchNestedFlow",
)
def switch_nested_flow(
    *,
    inner: str = "y",
    outer: str = "a",
) -> State[Any]:
    """Run SwitchNestedFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "inner": inner,
            "outer": outer,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="SwitchNestedFlow",
        source="../flows/switch_nested.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="switch",
                next=[
                    "a",
                    "b",
                ],
            ),
            "a": StepFacts(
                task=step_a,
                kind="switch",
                next=[
                    "ax",
                    "ay",
                ],
            ),
            "ax": StepFacts(
                task=step_ax,
                kind="linear",
                next=[
                    "meet",
                ],
            ),
            "ay": StepFacts(
                task=step_ay,
                kind="linear",
                next=[
                    "meet",
                ],
            ),
            "b": StepFacts(
                task=step_b,
                kind="linear",
                next=[
                    "meet",
                ],
            ),
            "meet": StepFacts(
                task=step_meet,
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
                name="inner",
                argument="inner",
                kind="str",
            ),
            ParameterFacts(
                name="outer",
                argument="outer",
                kind="str",
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
    name="a",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_a(unit: Unit[Any]) -> State[Any] | None:
    """Run the step a."""
    return run_step(unit)


@task(
    name="ax",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_ax(unit: Unit[Any]) -> State[Any] | None:
    """Run the step ax."""
    return run_step(unit)


@task(
    name="ay",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_ay(unit: Unit[Any]) -> State[Any] | None:
    """Run the step ay."""
    return run_step(unit)


@task(
    name="b",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_b(unit: Unit[Any]) -> State[Any] | None:
    """Run the step b."""
    return run_step(unit)


@task(
    name="meet",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_meet(unit: Unit[Any]) -> State[Any] | None:
    """Run the step meet."""
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
        switch_nested_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
