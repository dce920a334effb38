"""What Metaflow would refuse about a flow, and what not."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow import Config, FlowSpec, Parameter, step
    from metaflow_prefect.load.problems import problems_of


class ConfiguredFlow(FlowSpec):  # type: ignore[misc]
    """Metaflow runs it: names of configs and of parameters are two things."""

    settings = Config("alpha", default_value="{}")
    others = Config("Alpha", default_value="{}")
    number = Parameter("ALPHA", default=1)

    @step  # type: ignore[untyped-decorator]
    def start(self) -> None:
        self.next(self.end)

    @step  # type: ignore[untyped-decorator]
    def end(self) -> None:
        pass


class TwiceFlow(ConfiguredFlow):
    again = Parameter("Alpha", default=2)


def test_names_of_configs_are_not_those_of_parameters() -> None:
    assert [*problems_of(ConfiguredFlow(use_cli=False), ())] == []


def test_names_of_parameters_differ_in_more_than_case() -> None:
    (problem,) = problems_of(TwiceFlow(use_cli=False), ())
    assert "ALPHA is specified twice" in problem or "Alpha is specified twice" in problem
