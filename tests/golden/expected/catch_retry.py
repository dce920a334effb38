"""Prefect flow of the Metaflow flow CatchRetryFlow, made from ../flows/catch_retry.py.

Do not edit it: change the flow and make it again.

    python ../flows/catch_retry.py prefect create catch_retry.py
    python catch_retry.py --help
    prefect deploy catch_retry.py:catch_retry_flow
"""

# (here: what is the same in every file)


@flow(
    name="CatchRetryFlow",
)
def catch_retry_flow() -> State[Any]:
    """Run CatchRetryFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {},
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="CatchRetryFlow",
        source="../flows/catch_retry.py",
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
    )


@task(
    name="start",
    retries=4,
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
        catch_retry_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
