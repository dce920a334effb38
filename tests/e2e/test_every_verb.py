"""Each command and method of a deployment: done, done again, by a wrong name or user, no server.

Nothing runs here, as no worker takes what is started; what becomes of a run is in `test_operating`.
"""

import json
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.scheduler import Flows, client_of, make_pool, own_pool
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Paused, Running
from support.run import warm_children

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Metaflow's of its own dependencies
    from metaflow_prefect.cli import COMMANDS
    from metaflow_prefect.commands.group import prefect
    from metaflow_prefect.deployer import PrefectDeployedFlow, PrefectTriggeredRun
    from metaflow_prefect.runtime.facts import RUN_PREFIX

pytestmark = pytest.mark.xdist_group("every-verb")

POOL = own_pool("every-verb-tests")
FLOW = """
from metaflow import FlowSpec, Parameter, step


class EveryVerbFlow(FlowSpec):
    alpha = Parameter("alpha", type=float, default=0.1)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    EveryVerbFlow()
"""
OF_RUNS = "{run}"  # stands for the id of the run that a command is about
UNKNOWN = "prefect-00000000-0000-4000-8000-000000000000"
NO_DEPLOYMENT = "has no deployment EveryVerbFlow/other of a Metaflow flow"
NO_RUN = f"Could not find the run {UNKNOWN}"
OTHERS = "EveryVerbFlow/default was deployed by tester"

Outcome = tuple[int, str]  # exit code, and what is said on either stream


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What a command says in each case.

    Args:
        words: The command.
        first: Verbs, and "begin", whose outcome brings a fresh run into the state that it needs.
        good: The outcome where all is well.
        again: That of the same once more.
        name: That with the name of a deployment, or id of a run, that there is none of.
        token: That for a user who has neither made the deployment nor its token.
    """

    words: tuple[str, ...]
    first: tuple[str, ...] = ()
    good: Outcome
    again: Outcome
    name: Outcome
    token: Outcome


STATES: dict[str, Callable[[], State]] = {
    "begin": Running,  # as its worker would say
    "suspend": Paused,
    "terminate": Cancelled,
}
VERBS = {
    "create": Verb(
        words=("create", "--work-pool", POOL),
        good=(0, ""),
        again=(0, ""),
        name=(0, ""),  # makes that one
        token=(5, f"{OTHERS}. Ask them for its production token"),
    ),
    "trigger": Verb(
        words=("trigger", "--alpha", "1"),
        good=(0, ""),
        again=(0, ""),  # starts another run
        name=(1, NO_DEPLOYMENT),
        token=(0, ""),  # as with Argo, which asks for none
    ),
    "list-deployments": Verb(
        words=("list-deployments",),
        good=(0, "EveryVerbFlow\n"),
        again=(0, "EveryVerbFlow\n"),
        name=(0, "EveryVerbFlow\n"),  # lists all of the flow
        token=(0, "EveryVerbFlow\n"),
    ),
    "list-runs": Verb(
        words=("list-runs",),
        good=(0, "Pending"),
        again=(0, "Pending"),
        name=(1, NO_DEPLOYMENT),
        token=(0, "Pending"),
    ),
    "status": Verb(
        words=("status", OF_RUNS),
        good=(0, "Pending\n"),
        again=(0, "Pending\n"),
        name=(1, NO_RUN),
        token=(0, "Pending\n"),
    ),
    "logs": Verb(
        words=("logs", OF_RUNS),
        good=(0, ""),
        again=(0, ""),
        name=(1, NO_RUN),
        token=(0, ""),
    ),
    "suspend": Verb(
        words=("suspend", OF_RUNS),
        first=("begin",),
        good=(0, ""),
        again=(0, ""),  # it is suspended, as asked for
        name=(1, NO_RUN),
        token=(1, f"Incorrect production token: {OTHERS}; to suspend it"),
    ),
    "unsuspend": Verb(
        words=("unsuspend", OF_RUNS),
        first=("begin", "suspend"),
        good=(0, ""),
        again=(1, "is not suspended: it is"),
        name=(1, NO_RUN),
        token=(1, f"Incorrect production token: {OTHERS}; to unsuspend it"),
    ),
    "terminate": Verb(
        words=("terminate", OF_RUNS),
        good=(0, ""),
        again=(1, "has ended already: it is Cancelled"),
        name=(1, NO_RUN),
        token=(1, f"Incorrect production token: {OTHERS}; to terminate it"),
    ),
    "retry": Verb(
        words=("retry", OF_RUNS),
        first=("terminate",),
        good=(0, ""),
        again=(1, "has not failed: it is AwaitingRetry"),
        name=(1, NO_RUN),
        token=(1, f"Incorrect production token: {OTHERS}; to retry it"),
    ),
    "resume": Verb(
        words=("resume", OF_RUNS),
        first=("terminate",),
        good=(0, ""),
        again=(0, ""),  # starts another run
        name=(1, NO_RUN),
        token=(0, ""),  # starts a run, as trigger does
    ),
    "delete": Verb(
        words=("delete",),
        good=(0, ""),
        again=(1, "has no deployment EveryVerbFlow/default of a Metaflow flow"),
        name=(1, NO_DEPLOYMENT),
        token=(1, f"Incorrect production token: {OTHERS}; to delete it"),
    ),
}


class Table(Flows):
    """The flow of all cases, deployed."""

    def __init__(self, folder: Path, api: str, text: str = FLOW) -> None:
        super().__init__(folder / "work", api, verbs=text)
        self.good("verbs", "create", "--work-pool", make_pool(api, POOL))
        self._other = {"METAFLOW_USER": "other", "METAFLOW_HOME": str(folder / "other")}

    def new_run(self, *verbs: str) -> str:
        """Start a run, and bring it into a state, without the commands that do so."""
        with client_of(self.environment["PREFECT_API_URL"]) as client:
            deployment = client.read_deployment_by_name("EveryVerbFlow/default")
            run = client.create_flow_run_from_deployment(deployment.id)
            for verb in verbs:
                client.set_flow_run_state(run.id, STATES[verb](), force=True)
        return f"{RUN_PREFIX}{run.id}"

    def check(self, expected: Outcome, *words: str) -> None:
        """Run a command, and compare how it ends with how it should."""
        code, said = expected
        done = self.prefect("verbs", *words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert said in done.stdout + done.stderr, words
        if code:  # an error is one line
            assert (done.stdout, done.stderr.count("\n")) == ("", 1), (words, done.stderr)

    def as_other(self) -> None:
        """Be another user from now on."""
        self.environment |= self._other


def test_the_table_has_every_command() -> None:
    assert COMMANDS
    assert set(VERBS) == set(prefect.commands) - {"run"}


def test_each_command_done_once_and_again_and_by_wrong_names_and_users(
    tmp_path: Path, prefect_api: str
) -> None:
    table = Table(tmp_path, prefect_api)
    runs = {name: table.new_run(*verb.first) for name, verb in VERBS.items()}
    ours = table.environment.copy()

    def words(name: str, run_id: str) -> list[str]:
        return [run_id if word == OF_RUNS else word for word in VERBS[name].words]

    table.as_other()  # first, as what is refused leaves all as it is
    for name, verb in VERBS.items():
        table.check(verb.token, *words(name, runs[name]))
    table.environment = ours
    for name, verb in VERBS.items():
        named = () if OF_RUNS in verb.words else ("--name", "other")
        if name != "create":
            table.check(verb.name, *named, *words(name, UNKNOWN))
        table.check(verb.good, *words(name, runs[name]))
        table.check(verb.again, *words(name, runs[name]))
    table.check(VERBS["create"].name, "--name", "other", *VERBS["create"].words)
    table.check((0, ""), "--name", "other", "delete")


@pytest.mark.parametrize(
    ("url", "told"),
    [("", "PREFECT_API_URL is not set"), ("http://127.0.0.1:9/api", "No Prefect server answers")],
)
def test_no_server_is_one_clear_line(tmp_path: Path, url: str, told: str) -> None:
    flows = Flows(tmp_path / "work", url, verbs=FLOW)
    flows.environment["PREFECT_CLIENT_MAX_RETRIES"] = "0"

    def ask(verb: Verb) -> None:
        done = flows.prefect("verbs", *(UNKNOWN if w == OF_RUNS else w for w in verb.words))
        assert (done.returncode, done.stderr.count("\n")) == (5, 1), (verb, done.stderr)
        assert told in done.stderr

    with ThreadPoolExecutor(4) as pool:  # each waits for seconds
        list(pool.map(ask, VERBS.values()))


# Of each method or property: what it gives, what once more, without the token, without the server.
# "other" stands for another object of the class, and the name of an exception for that.
METHODS: dict[str, tuple[Any, Any, Any, Any]] = {
    "DeployedFlow.from_deployment": ("EveryMethodFlow",) * 3 + ("DeployProblem",),
    "DeployedFlow.list_deployed_flows": (["EveryMethodFlow"],) * 3 + ("DeployProblem",),
    "DeployedFlow.get_triggered_run": ("Pending",) * 3 + ("DeployProblem",),
    "DeployedFlow.full_name": ("EveryMethodFlow/default",) * 4,
    "DeployedFlow.workflow_template": (None,) * 4,
    "DeployedFlow.production_token": ("token",) * 3 + ("DeployProblem",),
    "DeployedFlow.trigger": ("Pending",) * 3 + ("DeployProblem",),
    "DeployedFlow.list_runs": ("Pending",) * 3 + ("DeployProblem",),
    "DeployedFlow.resume": ("Pending",) * 3 + ("DeployProblem",),
    "TriggeredRun.run": (None,) * 4,
    "TriggeredRun.status": ("Pending",) * 3 + ("DeployProblem",),
    "TriggeredRun.is_running": (True,) * 3 + ("DeployProblem",),
    "TriggeredRun.url": ("runs/flow-run",) * 3 + ("DeployProblem",),
    "TriggeredRun.logs": ([],) * 3 + ("DeployProblem",),
    "TriggeredRun.wait_for_completion": ("TimeoutError",) * 3 + ("DeployProblem",),
    "TriggeredRun.suspend": (True, True, False, False),
    "TriggeredRun.unsuspend": (True, False, False, False),
    "TriggeredRun.terminate": (True, False, False, False),
    "TriggeredRun.retry": (True, False, False, False),
    "TriggeredRun.resume": ("Pending",) * 3 + ("DeployProblem",),
    "DeployedFlow.delete": (True, False, False, False),
}
GONE = "has no deployment EveryMethodFlow/default of a Metaflow flow"
CALLS = """
import json, os, sys
from uuid import UUID
from prefect import get_client
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Paused, Running
from metaflow import DeployedFlow
from metaflow_prefect.deploy.operations import operator
from metaflow_prefect.deployer import PrefectDeployedFlow
from metaflow_prefect.errors import OperationProblem

NAME = "EveryMethodFlow"
found = PrefectDeployedFlow.from_deployment(NAME)

def fresh(*verbs):
    run = found.trigger(alpha=2)
    for verb in verbs:
        if verb == "begin":  # as its worker would say
            with get_client(sync_client=True) as client:
                id_ = UUID(run.pathspec.partition("/prefect-")[2])
                client.set_flow_run_state(id_, Running(), force=True)
        else:
            assert getattr(run, verb)()
    return run

first = {
    "suspend": ["begin"],
    "unsuspend": ["begin", "suspend"],
    "retry": ["terminate"],
    "resume": ["terminate"],
}
METHODS = json.loads(sys.argv[1])
plain = fresh()  # for all that leave a run as it is
runs = dict.fromkeys(METHODS, plain) | {
    f"TriggeredRun.{name}": fresh(*first.get(name, ())) for name in (*first, "terminate")
}

def call(one):
    kind, _, name = one.partition(".")
    run = runs[one]
    if name == "from_deployment":
        return PrefectDeployedFlow.from_deployment(NAME).name
    if name == "list_deployed_flows":
        return [one.name for one in PrefectDeployedFlow.list_deployed_flows(NAME)]
    if name == "get_triggered_run":
        run_id = run.pathspec.split("/")[1]
        return PrefectDeployedFlow.get_triggered_run(NAME, run_id).status
    if name == "list_runs":
        return found.list_runs(limit=1)[0].status
    if kind == "DeployedFlow" and name == "resume":
        return found.resume(runs["TriggeredRun.resume"].pathspec.split("/")[1]).status
    if name == "wait_for_completion":
        return run.wait_for_completion(check_interval=0.1, timeout=0)
    value = getattr(run if kind == "TriggeredRun" else found, name)
    value = value() if callable(value) else value
    if name == "production_token":
        return value and "token"
    if name == "url":
        return value and value.rpartition("/")[0].partition("/runs")[1][1:] + "/flow-run"
    return value.status if hasattr(value, "status") else value

def outcome(one):
    try:
        return call(one)
    except Exception as error:
        return type(error).__name__

def in_environment(times, **variables):
    os.environ.update(variables)
    for deployer in [found.deployer, *(run.deployer for run in runs.values())]:
        deployer.env_vars.update(variables)
    return {one: [outcome(one) for _ in range(times)] for one in METHODS}

mine = {name: os.environ[name] for name in ("METAFLOW_USER", "PREFECT_API_URL")}
other = in_environment(1, METAFLOW_USER="other")
import prefect.settings
away = "http://127.0.0.1:9/api"
settings = {prefect.settings.PREFECT_API_URL: away, prefect.settings.PREFECT_CLIENT_MAX_RETRIES: 0}
with prefect.settings.temporary_settings(settings):
    none = in_environment(1, METAFLOW_USER=mine["METAFLOW_USER"], PREFECT_API_URL=away)
with operator() as server:
    known = server.deployment(found.full_name)
    good = in_environment(2, **mine)
    try:
        server.trigger(known, {})  # it is gone since it was found
    except OperationProblem as error:
        print(error, file=sys.stderr)
print(json.dumps({one: [*good[one], *other[one], *none[one]] for one in METHODS}))
"""


def test_the_table_has_every_method() -> None:
    kinds = (("DeployedFlow", PrefectDeployedFlow), ("TriggeredRun", PrefectTriggeredRun))
    ours = {
        f"{kind}.{name}"
        for kind, of in kinds
        for name in vars(of)
        if not name.startswith("_") and name != "TYPE"
    }
    assert set(METHODS) == ours


def test_each_method_done_once_and_again_and_by_others_and_without_a_server(
    tmp_path: Path, prefect_api: str
) -> None:
    # Another flow than that of the commands, whose test may be beside this one and end in "delete".
    table = Table(tmp_path, prefect_api, FLOW.replace("EveryVerbFlow", "EveryMethodFlow"))
    table.environment["METAFLOW_HOME"] = str(tmp_path / "no-tokens-kept")
    table.environment |= warm_children()
    done = table.run("-c", CALLS, json.dumps(list(METHODS)))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert {one: tuple(outcome) for one, outcome in told.items()} == METHODS, done.stderr[-2000:]
    said = done.stderr
    assert GONE in said
    assert len(re.findall("Incorrect production token: EveryMethodFlow/default", said)) == 5
    assert len(re.findall("No Prefect server answers at http://127.0.0.1:9/api", said)) == 5
