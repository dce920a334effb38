"""Prefect flow of the Metaflow flow ParametersOwnNamesFlow, made from ../flows/parameters_own_names.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_own_names.py prefect create parameters_own_names.py
    python parameters_own_names.py --help
    prefect deploy parameters_own_names.py:parameters_own_names_flow
"""

# (here: what is the same in every file)


@flow(
    name="ParametersOwnNamesFlow",
)
def parameters_own_names_flow(
    *,
    copy_: str = "copy!",
    dict_: str = "dict!",
    flow: str = "flow!",
    json_: str = "json!",
    model_config_: str = "model_config!",
    schema_: str = "schema!",
    task: str = "task!",
    validate_: str = "validate!",
) -> State[Any]:
    """Run ParametersOwnNamesFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "copy": copy_,
            "dict": dict_,
            "flow": flow,
            "json": json_,
            "model_config": model_config_,
            "schema": schema_,
            "task": task,
            "validate": validate_,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ParametersOwnNamesFlow",
        source="../flows/parameters_own_names.py",
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
                name="copy",
                argument="copy_",
                kind="str",
            ),
            ParameterFacts(
                name="dict",
                argument="dict_",
                kind="str",
            ),
            ParameterFacts(
                name="flow",
                argument="flow",
                kind="str",
            ),
            ParameterFacts(
                name="json",
                argument="json_",
                kind="str",
            ),
            ParameterFacts(
                name="model_config",
                argument="model_config_",
                kind="str",
            ),
            ParameterFacts(
                name="schema",
                argument="schema_",
                kind="str",
            ),
            ParameterFacts(
                name="task",
                argument="task",
                kind="str",
            ),
            ParameterFacts(
                name="validate",
                argument="validate_",
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
        parameters_own_names_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
