"""Prefect flow of the Metaflow flow LoopFlow, made from ../flows/loop.py.

Do not edit it: change the flow and make it again.

    python ../flows/loop.py prefect create loop.py
    python loop.py --help
    prefect deploy loop.py:loop_flow
"""

# (here: what is the same in every file)


@flow(
    name="LoopFlow",
)
def loop_flow(
    *,
    times: int = 3,
) -> State[Any]:
    """Run LoopFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "times": times,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="LoopFlow",
        source="../flows/loop.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="linear",
                next=[
                    "again",
                ],
            ),
            "again": StepFacts(
                task=step_again,
                kind="switch",
                next=[
                    "again",
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
                name="times",
                argument="times",
                kind="int",
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
    name="again",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_again(unit: Unit[Any]) -> State[Any] | None:
    """Run the step again."""
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
        loop_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
