"""What somebody sees in Prefect's pages who has never heard of Metaflow."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from e2e.deploying import runs_of
from e2e.project import SOURCES, FlowFolder
from e2e.scheduler import client_of, make_pool, own_pool, worker
from metaflow_prefect.runtime.flow_run.naming import has_given_name
from playwright.sync_api import Locator, Page, expect
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterTaskRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import LogSort
from prefect.states import Scheduled
from support.browser import CHROMIUM, WHY_NOT, browser_page
from support.wait import until

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT),
    pytest.mark.xdist_group("browser"),  # one worker of Prefect's is enough
]
POOL = own_pool("browser-tests")
# In the form, and on Metaflow's command line.
GIVEN = {
    "count": 4,
    "who": 'Ada "O\'B" {{x}}',
    "rate": 0.25,
    "number": 7,
    "color": "green",
    "table": '[1, {"a": null}]',
    "file": "other.txt",
}
LOOK = """
import json, sys
from metaflow import Run, namespace
namespace(None)
print(json.dumps([Run(f"FormFlow/{run}")["start"].task.data.got for run in sys.argv[1:]]))
"""


@dataclass
class Lab:
    """A folder of flows with a worker that runs what is deployed of them."""

    folder: FlowFolder
    client: SyncPrefectClient
    pages: str

    def deploy(self, flow: str) -> DeploymentResponse:
        shutil.copy(SOURCES / flow, self.folder.path)
        done = self.folder.run(flow, "prefect", "create", "--work-pool", POOL)
        assert done.returncode == 0, done.stderr
        (name,) = re.findall(r"Deployed (\S+)", done.stderr + done.stdout)
        return self.client.read_deployment_by_name(name)

    def awaited(self, flow_run: FlowRun, attempt: int = 1) -> FlowRun:
        """Wait until an attempt of a run has ended, and Prefect's server knows all of it."""

        def ended() -> FlowRun | None:
            now = self.client.read_flow_run(flow_run.id)
            over = now.state is not None and now.state.is_final() and now.run_count >= attempt
            return now if over and not self.running(flow_run) else None

        return until(ended)

    def running(self, flow_run: FlowRun) -> list[Any]:
        return [one for one in self.task_runs(flow_run) if not (one.state and one.state.is_final())]

    def task_runs(self, flow_run: FlowRun) -> list[Any]:
        chosen = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id]))
        return self.client.read_task_runs(flow_run_filter=chosen)

    def logs(self, flow_run: FlowRun) -> list[Any]:
        chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run.id]))
        return list(self.client.read_logs(chosen, limit=200, offset=0, sort=LogSort.TIMESTAMP_DESC))


@pytest.fixture(scope="module")
def lab(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = tmp_path_factory.mktemp("lab")
    folder = FlowFolder(path, SOURCES / "nested.py", PREFECT_API_URL=prefect_api)
    make_pool(prefect_api, POOL)
    with (
        client_of(prefect_api) as client,
        worker(POOL, folder.environment, path / "worker"),
    ):
        yield Lab(folder, client, prefect_api.removesuffix("/api"))


def submit(page: Page, lab: Lab, deployment: DeploymentResponse) -> FlowRun:
    """Submit the form that is open, and return the run that it has made."""
    before = {run.id for run in runs_of(lab.client, deployment)}
    with page.expect_response(lambda reply: reply.url.endswith("/create_flow_run")) as reply:
        # what Prefect's page says of a server that was too busy would lie above it
        page.get_by_role("button", name="Submit").dispatch_event("click")
    if reply.value.status == 503:
        return submit(page, lab, deployment)
    assert reply.value.ok, reply.value.text()
    (made,) = (run for run in runs_of(lab.client, deployment) if run.id not in before)
    return made


def open_form(page: Page, lab: Lab, deployment: DeploymentResponse, last: str) -> str:
    page.goto(f"{lab.pages}/deployments/deployment/{deployment.id}/run")
    page.get_by_text(last).first.wait_for()
    return page.inner_text("body")


def test_from_the_form_to_the_failure_to_retry(lab: Lab) -> None:
    deployment = lab.deploy("nested.py")
    with browser_page() as page:
        shown = open_form(page, lab, deployment, "alpha (Optional)")
        # in the order of the flow, with its help
        assert shown.index("who (Optional)") < shown.index("alpha (Optional)")
        assert "The learning rate" in shown
        page.locator("textarea").first.fill("a|b")
        flow_run = lab.awaited(submit(page, lab, deployment))
        assert flow_run.parameters == {"who": "a|b", "alpha": 0.1}
        # what the run logs last comes after its end
        (advice,) = until(
            lambda: [log for log in lab.logs(flow_run) if "press Retry" in log.message]
        )
        (error,) = (log for log in lab.logs(flow_run) if log.level >= 40 and not log.task_run_id)
        assert error.message.startswith("KeyError: 'boost' in evaluate[2,3] IT/boost")
        assert "artifact nestedflow-failure" in advice.message

        run_page = f"{lab.pages}/runs/flow-run/{flow_run.id}"
        page.goto(run_page)
        page.get_by_text("Task Runs", exact=True).first.click()
        expect(page.locator("body")).to_contain_text(re.compile(r"\b1 failed", re.IGNORECASE))
        # by our name and by Metaflow's id
        search = page.get_by_placeholder("Search by run name")
        found = page.locator("a", has_text="evaluate[2,3] IT/boost")
        for words in ("evaluate[2,3] IT/boost", "evaluate-2-3"):
            search.fill(words)
            expect(page.get_by_text("1 Task run", exact=True)).to_be_visible()
            expect(found.last).to_be_visible()
            search.fill("")
        page.get_by_text("Artifacts", exact=True).first.click()
        page.get_by_text("nestedflow-failure").last.click()
        page.get_by_role("heading", name="KeyError: 'boost' in evaluate[2,3] IT/boost").wait_for()
        report, report_page = page.inner_text("body"), page.url
        assert "press Retry" in report
        assert "evaluate[2,3] IT/boost failed in attempt 1" in report
        assert re.search(r"Step\s+country\s+has left it\s+countries", report)

        # tried again with nothing mended, the same task run is red: one report, both tracebacks
        lab.client.set_flow_run_state(flow_run.id, Scheduled(name="AwaitingRetry"), force=True)
        assert lab.awaited(flow_run, attempt=2).state_name == "Failed"
        (red,) = until(
            lambda: [one for one in lab.task_runs(flow_run) if one.state_name == "Failed"]
        )
        of_red = ArtifactFilter(task_run_id=ArtifactFilterTaskRunId(any_=[red.id]))
        assert len(lab.client.read_artifacts(artifact_filter=of_red)) == 1
        page.goto(report_page)
        page.get_by_text("failed in attempt 1 of the task, in attempt 2 of the run").wait_for()
        link = page.get_by_role("link", name="evaluate[2,3]", exact=True)
        page.goto(str(link.first.get_attribute("href")))  # it opens another window
        expect(page.get_by_text(re.compile("^Traceback"))).to_have_count(2)

        (lab.folder.path / "mended").touch()
        page.goto(run_page)
        page.get_by_role("button", name="Retry").first.click()
        page.get_by_role("button", name="Retry").last.click()
        assert lab.awaited(flow_run, attempt=3).state_name == "Completed"
        page.goto(run_page)
        page.get_by_text("Artifacts", exact=True).first.click()
        page.get_by_text("nestedflow-failure").last.wait_for()
        assert page.get_by_text("nestedflow-failure").count() <= 2  # in the graph, in the list
        page.get_by_text("nestedflow-failure").last.click()
        page.get_by_text("Fixed: attempt 3 of this run succeeded.").wait_for()


def field(page: Page, name: str) -> Locator:
    """Return the part of the form that belongs to a parameter."""
    label = page.get_by_text(re.compile(rf"^{name}( \(Optional\))?$"))
    return page.locator(".schema-form-property").filter(has=label)


def fill(page: Page, name: str) -> None:
    field(page, name).locator("textarea, input").first.fill(str(GIVEN[name]))


def test_a_form_gives_what_metaflows_command_line_gives(lab: Lab) -> None:
    deployment = lab.deploy("form.py")
    (lab.folder.path / "other.txt").write_text("what\nit says")
    with browser_page(height=2400) as page:
        shown = open_form(page, lab, deployment, "many (Optional)")
        optional = ["size", "color", "table", "file", "rate", "deep", "quick"]
        optional += ["made", "number", "nothing", "many"]
        places = [shown.index(f"\n{name}\n") for name in ("count", "who")]
        places += [shown.index(f"\n{name} (Optional)\n") for name in optional]
        assert places == sorted(places)
        assert "None" not in shown
        assert "What is read (path of a file; by default form.py)" in shown
        assert "Who it is for (by default computed when a run starts)" in shown

        # nothing but what is required; and without it nothing at all
        page.get_by_role("button", name="Submit").click()
        page.get_by_text(re.compile("required", re.IGNORECASE)).first.wait_for()
        fill(page, "count")
        fill(page, "who")
        plain = submit(page, lab, deployment)

        open_form(page, lab, deployment, "many (Optional)")
        for name in ("count", "who", "rate", "number", "file", "table"):
            fill(page, name)
        field(page, "color").locator(".p-select-button button").focus()
        page.keyboard.press("ArrowDown")
        page.get_by_role("option", name="green").click()
        for name in ("deep", "quick"):
            field(page, name).get_by_role("switch").click()
        full = submit(page, lab, deployment)
    words = [f"--{name}={value}" for name, value in GIVEN.items()]
    native = []
    for given in (words[:2], [*words, "--deep=True", "--quick"]):
        done = lab.folder.run("form.py", "run", "--run-id-file", "native", *given)
        assert done.returncode == 0, done.stderr
        native.append((lab.folder.path / "native").read_text())
    ended = [lab.awaited(run) for run in (plain, full)]
    assert [run.state_name for run in ended] == ["Completed", "Completed"]
    looked = lab.folder.run("-c", LOOK, *native, *(f"prefect-{run.id}" for run in ended))
    found = json.loads(looked.stdout)
    assert found[2:] == found[:2]
    assert found[3]["file"] == "what\nit says"
    # as they took effect, also where nothing was changed
    assert ended[0].parameters["made"] == "made for FormFlow"
    assert ended[0].parameters["number"] == 12
    named = plain.name if has_given_name(plain.name) else """FormFlow count=4 who=Ada "O'B" {{x}}"""
    assert ended[0].name == named


def test_a_person_cancels_a_run(lab: Lab) -> None:
    deployment = lab.deploy("sleeper.py")
    flow_run = lab.client.create_flow_run_from_deployment(deployment.id, name="my own name")

    def asleep() -> bool:
        return (
            len([one for one in lab.running(flow_run) if one.name.startswith("work") and one.state])
            == 2
        )

    until(asleep)
    with browser_page() as page:
        page.goto(f"{lab.pages}/runs/flow-run/{flow_run.id}")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Confirm").click()
        now = lab.awaited(flow_run)
        assert (now.state_name, now.name) == ("Cancelled", "my own name")
        # whether the flow's process sees the run's state or its worker's signal first
        (reason,) = stopped(lab, flow_run)
        assert reason.startswith("stopped, because the run was cancelled")
    for file in (lab.folder.path / "pid").iterdir():
        assert not Path("/proc", file.name).exists(), "a process of a step is left"


def stopped(lab: Lab, flow_run: FlowRun) -> set[str]:
    """What is said of the task runs that are not completed; all have been stopped."""
    states = [one.state for one in lab.task_runs(flow_run) if not one.state.is_completed()]
    assert {state.name for state in states} == {"Stopped"}
    return {state.message for state in states}
