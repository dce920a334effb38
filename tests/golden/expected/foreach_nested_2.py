"""Prefect flow of the Metaflow flow ForeachNestedTwoFlow, made from ../flows/foreach_nested_2.py.

Do not edit it: change the flow and make it again.

    python ../flows/foreach_nested_2.py prefect create foreach_nested_2.py
    python foreach_nested_2.py --help
    prefect deploy foreach_nested_2.py:foreach_nested_two_flow
"""

# (here: what is the same in every file)


@flow(
    name="ForeachNestedTwoFlow",
)
def foreach_nested_two_flow() -> State[Any]:
    """Run ForeachNestedTwoFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {},
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ForeachNestedTwoFlow",
        source="../flows/foreach_nested_2.py",
        start="start",
        steps={
            "start": StepFacts(
                task=step_start,
                kind="foreach",
                next=[
                    "open_inner",
                ],
            ),
            "open_inner": StepFacts(
                task=step_open_inner,
                kind="foreach",
                next=[
                    "body",
                ],
            ),
            "body": StepFacts(
                task=step_body,
                kind="linear",
                next=[
                    "close_inner",
                ],
            ),
            "close_inner": StepFacts(
                task=step_close_inner,
                kind="join",
                next=[
                    "close_outer",
                ],
                closes="open_inner",
            ),
            "close_outer": StepFacts(
                task=step_close_outer,
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
    name="open_inner",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_open_inner(unit: Unit[Any]) -> State[Any] | None:
    """Run the step open_inner."""
    return run_step(unit)


@task(
    name="body",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_body(unit: Unit[Any]) -> State[Any] | None:
    """Run the step body."""
    return run_step(unit)


@task(
    name="close_inner",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_close_inner(unit: Unit[Any]) -> State[Any] | None:
    """Run the step close_inner."""
    return run_step(unit)


@task(
    name="close_outer",
    persist_result=False,
    cache_policy=NO_CACHE,
)
def step_close_outer(unit: Unit[Any]) -> State[Any] | None:
    """Run the step close_outer."""
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
        foreach_nested_two_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
