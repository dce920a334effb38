"""Prefect flow of the Metaflow flow LinearFlow, made from ../flows/linear.py.

Do not edit it: change the flow and make it again.

    python ../flows/linear.py prefect create linear.py
    python linear.py --help
    prefect deploy linear.py:linear_flow
"""

# (here: what is the same in every file)


@flow(
    name="LinearFlow",
    description="A flow with a docstring.\n\nIts second paragraph is indented as docstrings are.",
)
def linear_flow() -> State[Any]:
    """Run LinearFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {},
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="LinearFlow",
        source="../flows/linear.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="linear",
                next=[
                    "middle",
                ],
            ),
            "middle": StepFacts(
                task=step_middle,
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
    )


@task(
    name="start",
    description="Begin.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_start(unit: Unit[Any]) -> State[Any] | None:
    """Run the step start."""
    return run_step(unit)


@task(
    name="middle",
    description="Do the work.\n\nIndented further.",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_middle(unit: Unit[Any]) -> State[Any] | None:
    """Run the step middle."""
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
        linear_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
