"""What somebody sees in Prefect's pages who has never heard of Metaflow."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from e2e.scheduler import own_pool
from e2e.test_deployments import runs_of, work
from playwright.sync_api import expect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.browser import CHROMIUM, WHY_NOT, browser_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)
POOL = own_pool("browser-tests")


@pytest.fixture
def client(prefect_api: str) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        get_client(sync_client=True) as client,
    ):
        yield client


def test_from_the_form_to_the_failure_to_retry(
    tmp_path: Path, prefect_api: str, client: SyncPrefectClient
) -> None:
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    folder = FlowFolder(tmp_path, SOURCES / "nested.py", PREFECT_API_URL=prefect_api)
    done = folder.run("nested.py", "prefect", "create", "--work-pool", POOL)
    assert done.returncode == 0, done.stderr
    deployment = client.read_deployment_by_name("NestedFlow/default")
    pages = prefect_api.removesuffix("/api")
    with browser_page() as page:
        page.goto(f"{pages}/deployments/deployment/{deployment.id}/run")
        page.get_by_text("who (Optional)").wait_for()
        # in the order of the flow, with its help
        shown = page.inner_text("body")
        assert shown.index("who (Optional)") < shown.index("alpha (Optional)")
        assert "The learning rate" in shown
        page.locator("textarea").first.fill("a|b")
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url(lambda url: not url.endswith("/run"))
        (flow_run,) = runs_of(client, deployment)
        work(folder, POOL, client, flow_run)
        assert flow_run.parameters == {"who": "a|b", "alpha": 0.1}

        page.goto(f"{pages}/runs/flow-run/{flow_run.id}")
        page.get_by_text("Task Runs", exact=True).first.click()
        expect(page.locator("body")).to_contain_text(re.compile(r"\b1 failed"))
        page.get_by_text("Artifacts", exact=True).first.click()
        page.get_by_text("nestedflow-failure").last.click()
        page.get_by_role("heading", name="KeyError: 'boost' in evaluate[2,3] IT/boost").wait_for()
        assert "press Retry" in page.inner_text("body")

        (tmp_path / "mended").touch()
        page.goto(f"{pages}/runs/flow-run/{flow_run.id}")
        page.get_by_role("button", name="Retry").first.click()
        page.get_by_role("button", name="Retry").last.click()
        page.get_by_text("AwaitingRetry").first.wait_for()
        work(folder, POOL, client, flow_run)
        page.goto(f"{pages}/runs/flow-run/{flow_run.id}")
        page.get_by_text("Artifacts", exact=True).first.click()
        assert page.get_by_text("nestedflow-failure").count() <= 2  # in the graph, in the list
        page.get_by_text("nestedflow-failure").last.click()
        page.get_by_text("Fixed: attempt 2 of this run succeeded.").wait_for()
