"""Prefect flow of the Metaflow flow ParametersKeywordsFlow, made from ../flows/parameters_keywords.py.

Do not edit it: change the flow and make it again.

    python ../flows/parameters_keywords.py prefect create parameters_keywords.py
    python parameters_keywords.py --help
    prefect deploy parameters_keywords.py:parameters_keywords_flow
"""

# (here: what is the same in every file)


@flow(
    name="ParametersKeywordsFlow",
)
def parameters_keywords_flow(
    *,
    lambda_: int = 1,
    class_: str = "klass",
    None_: str = "none",
    True_: bool = False,
    async_: float = 0.5,
    import_: str = "x",
    match: str = "soft keyword",
    print: str = "a builtin",
    type: str = "soft keyword too",
) -> State[Any]:
    """Run ParametersKeywordsFlow as a Metaflow run."""
    return run_flow(
        flow_facts(),
        __file__,
        __metaflow__,
        {
            "lambda": lambda_,
            "class": class_,
            "None": None_,
            "True": True_,
            "async": async_,
            "import": import_,
            "match": match,
            "print": print,
            "type": type,
        },
    )


def flow_facts() -> FlowFacts:
    """Return what the runtime has to know about the flow."""
    return FlowFacts(
        name="ParametersKeywordsFlow",
        source="../flows/parameters_keywords.py",
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
                name="lambda",
                argument="lambda_",
                kind="int",
            ),
            ParameterFacts(
                name="class",
                argument="class_",
                kind="str",
            ),
            ParameterFacts(
                name="None",
                argument="None_",
                kind="str",
            ),
            ParameterFacts(
                name="True",
                argument="True_",
                kind="bool",
            ),
            ParameterFacts(
                name="async",
                argument="async_",
                kind="float",
            ),
            ParameterFacts(
                name="import",
                argument="import_",
                kind="str",
            ),
            ParameterFacts(
                name="match",
                argument="match",
                kind="str",
            ),
            ParameterFacts(
                name="print",
                argument="print",
                kind="str",
            ),
            ParameterFacts(
                name="type",
                argument="type",
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
        parameters_keywords_flow,
        __file__,
        host,
        sys.argv[1:],
    )
    end_process(code)
