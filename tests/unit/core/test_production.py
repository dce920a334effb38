"""Which production token a deployment gets, and who gets it."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from metaflow_prefect.deploy.description import Description, Production
from metaflow_prefect.errors import DeployProblem, UsageProblem
from metaflow_prefect.model import DeploymentFacts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow_prefect.deploy.tokens import (
        TokenChoice,
        choose_token,
        remember_token,
        with_first_token,
    )

PLAIN = DeploymentFacts()
PROJECT = DeploymentFacts(project="shop", branch="prod")
DESCRIBED = Description(flow="TrainFlow", function="train_flow", name="default")
IN_PROJECT = Description(flow="TrainFlow", function="train_flow", name="shop.prod")
NOTHING = TokenChoice()


@pytest.fixture(autouse=True)
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the tokens of a user."""
    monkeypatch.setenv("METAFLOW_TOKEN_HOME", str(tmp_path))
    monkeypatch.setattr("metaflow_prefect.deploy.tokens.get_username", lambda: "ada")
    return tmp_path


def choose(
    found: Production | None = None, choice: TokenChoice = NOTHING, name: str = "default"
) -> str:
    return choose_token(name, DESCRIBED, PLAIN, found, choice).token


def remember(token: str, name: str = "default", described: Description = DESCRIBED) -> None:
    remember_token(name, described, PLAIN, Production(token=token, owner="ada"))


def found(token: str, owner: str | None = "grace") -> Production:
    return Production(token=token, owner=owner)


def test_first_token_is_the_same_for_all() -> None:
    first = choose()
    assert first.startswith("trainflow-0-")
    assert first == with_first_token(DESCRIBED, PLAIN).token
    assert choose(name="Other").startswith("trainflow-other-0-")


NAMES = ("config.json", "..", ".", "../up", "a b", "a-b", "a" * 300, "b" * 300, "\u00e4", "\udcff")


def test_each_deployment_has_a_token_and_a_file_of_its_own(tokens: Path) -> None:
    (tokens / "config.json").write_text('{"METAFLOW_USER": "ada"}')
    flows = [replace(DESCRIBED, flow=flow) for flow in ("TrainFlow", "Other", "Config")]
    pairs = [(name, flow) for name in ("default", "json", *NAMES) for flow in flows]
    made = set()
    for name, flow in pairs:
        token = choose_token(name, flow, PLAIN, None, NOTHING).token
        remember(token, name, flow)
        made.add(token)
    assert len(made) == len(pairs)
    assert len([*tokens.iterdir()]) == len(pairs) + 1
    assert (tokens / "config.json").read_text() == '{"METAFLOW_USER": "ada"}'


def test_flows_of_a_project_share_their_token() -> None:
    first = choose_token("shop.prod", IN_PROJECT, PROJECT, None, NOTHING)
    assert first.token == with_first_token(IN_PROJECT, PROJECT).token
    assert first.token.startswith("mfprj-")
    with pytest.raises(UsageProblem, match="generate-new-token"):
        choose_token("shop.prod", IN_PROJECT, PROJECT, None, TokenChoice(given="mine"))


@pytest.mark.parametrize("authorize", ["a-token", "production:a-token"])
def test_somebody_elses_needs_its_token(authorize: str) -> None:
    with pytest.raises(DeployProblem, match="deployed by grace"):
        choose(found("a-token"))
    with pytest.raises(DeployProblem, match="deployed by grace"):
        choose(found("a-token"), TokenChoice(authorize="another"))
    assert choose(found("a-token"), TokenChoice(authorize=authorize)) == "a-token"
    with pytest.raises(DeployProblem, match="deployed by grace"):
        choose(found("a-token"))  # it was only chosen
    remember("a-token")
    assert choose(found("a-token")) == "a-token"


def test_ones_own_and_nobodys_do_not() -> None:
    assert choose(found("a-token", "ada")) == "a-token"
    assert choose(found("a-token", None)) == "a-token"


def test_another_token() -> None:
    first = choose()
    second = choose(found(first, "ada"), TokenChoice(generate=True))
    assert second.startswith("trainflow-1-")
    assert choose(found(second, "ada"), TokenChoice(given="production:mine")) == "mine"
    assert choose(found("mine", "ada"), TokenChoice(generate=True)) == first
    assert choose(found("made-up-7-aaaa", "ada"), TokenChoice(generate=True)) == first


def test_another_token_after_one_with_another_prefix() -> None:
    elsewhere = choose(name="other")
    following = choose(found(elsewhere, "ada"), TokenChoice(generate=True))
    assert following.startswith("trainflow-other-1-")


@pytest.mark.parametrize("given", ["", " ", "production:", "a" * 500, "\udcff"])
def test_a_token_that_cannot_be_one(given: str) -> None:
    with pytest.raises(UsageProblem, match="--new-token"):
        choose(None, TokenChoice(given=given))


def test_a_token_that_cannot_be_kept(tokens: Path) -> None:
    (tokens / "trainflow").mkdir()
    with pytest.raises(DeployProblem, match="METAFLOW_TOKEN_HOME"):
        remember("a-token")
    with pytest.raises(DeployProblem, match="METAFLOW_TOKEN_HOME"):
        choose(found("a-token"))
