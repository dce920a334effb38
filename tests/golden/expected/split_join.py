"""Prefect flow of the Metaflow flow SplitJoinFlow, made from ../flows/split_join.py.

Do not edit it: change the flow and make it again.

    python ../flows/split_join.py prefect create split_join.py
    python split_join.py --help
    prefect deploy split_join.py:split_join_flow
"""

# (here: what is the same in every file)


@flow(
    name="SplitJoinFlow",
)
def split_join_flow() -> State[Any]:
    """Run SplitJoinFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {},
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="SplitJoinFlow",
        source="../flows/split_join.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="split",
                next=[
                    "left",
                    "right",
                ],
            ),
            "left": StepFacts(
                task=step_left,
                kind="linear",
                next=[
                    "join",
                ],
            ),
            "right": StepFacts(
                task=step_right,
                kind="linear",
                next=[
                    "join",
                ],
            ),
            "join": StepFacts(
                task=step_join,
                kind="join",
                next=[
                    "end",
                ],
                closes="start",
            ),
            "end": StepFacts(
                task=step_end,
                kind="end",
            ),
        },
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
    name="left",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_left(unit: Unit[Any]) -> State[Any] | None:
    """Run the step left."""
    return run_step(unit)


@task(
    name="right",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_right(unit: Unit[Any]) -> State[Any] | None:
    """Run the step right."""
    return run_step(unit)


@task(
    name="join",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_join(unit: Unit[Any]) -> State[Any] | None:
    """Run the step join."""
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
        split_join_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
