"""Which production token a deployment gets, and who gets it."""

import warnings
from pathlib import Path

import pytest
from metaflow_prefect.deployment import DeploymentFacts, Description, Production
from metaflow_prefect.errors import DeployProblem, UsageProblem

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow_prefect.production import TokenChoice, choose_token, with_first_token

PLAIN = DeploymentFacts()
PROJECT = DeploymentFacts(project="shop", branch="prod")
DESCRIBED = Description(flow="TrainFlow", function="train_flow", name="default")
IN_PROJECT = Description(flow="TrainFlow", function="train_flow", name="shop.prod")
NOTHING = TokenChoice()


@pytest.fixture(autouse=True)
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the tokens of a user."""
    monkeypatch.setenv("METAFLOW_TOKEN_HOME", str(tmp_path))
    monkeypatch.setattr("metaflow_prefect.production.get_username", lambda: "ada")
    return tmp_path


def choose(
    found: Production | None = None, choice: TokenChoice = NOTHING, name: str = "default"
) -> str:
    return choose_token(name, DESCRIBED, PLAIN, found, choice).token


def found(token: str, owner: str | None = "grace") -> Production:
    return Production(token=token, owner=owner)


def test_first_token_is_the_same_for_all() -> None:
    first = choose()
    assert first.startswith("trainflow-0-")
    assert first == with_first_token(DESCRIBED, PLAIN).token
    assert choose(name="other").startswith("other-0-")


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
    assert choose(found("a-token")) == "a-token"  # remembered


def test_ones_own_and_nobodys_do_not() -> None:
    assert choose(found("a-token", "ada")) == "a-token"
    assert choose(found("a-token", None)) == "a-token"


def test_another_token() -> None:
    first = choose()
    second = choose(found(first), TokenChoice(generate=True))
    assert second.startswith("trainflow-1-")
    assert choose(found(second), TokenChoice(given="production:mine")) == "mine"
    with pytest.raises(UsageProblem, match="--new-token again"):
        choose(found("mine"), TokenChoice(generate=True))


def test_a_token_that_cannot_be_kept(tokens: Path) -> None:
    (tokens / "trainflow").mkdir()
    with pytest.raises(DeployProblem, match="METAFLOW_TOKEN_HOME"):
        choose()
