"""Make the pictures in docs/screenshots anew.

    PYTHONPATH=tests python .ci/make_screenshots.py

It starts a Prefect server, runs a flow that fails, and looks at Prefect's pages with Debian's
chromium.
"""

import sys
import tempfile
from pathlib import Path
from uuid import UUID

from e2e.deploying import work
from e2e.project import SOURCES, FlowFolder
from playwright.sync_api import Page
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.settings import PREFECT_API_URL, temporary_settings
from support.browser import browser_page
from support.server import use_server

PICTURES = Path(__file__).parents[1] / "docs/screenshots"
POOL = "pictures"


def run_the_flow(folder: FlowFolder, client: SyncPrefectClient) -> tuple[UUID, UUID]:
    """Deploy the flow and have it fail; return the deployment and the flow run."""
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    done = folder.run("nested.py", "prefect", "create", "--work-pool", POOL)
    if done.returncode:
        sys.exit(done.stderr)
    deployment = client.read_deployment_by_name("NestedFlow/default")
    parameters = {"who": "Ada", "alpha": 0.2}
    flow_run = client.create_flow_run_from_deployment(deployment.id, parameters=parameters)
    work(folder, POOL, client, flow_run)
    return deployment.id, flow_run.id


def take(page: Page, url: str, text: str, name: str) -> None:
    """Save a picture of a page once it shows a text."""
    page.goto(url)
    page.get_by_text(text).last.wait_for()
    page.wait_for_timeout(3000)  # the graph moves until then
    page.screenshot(path=PICTURES / f"{name}.png")


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as name, use_server(Path(name)) as api:
        folder = FlowFolder(Path(name, "flow"), SOURCES / "nested.py", PREFECT_API_URL=api)
        with (
            temporary_settings({PREFECT_API_URL: api}),
            get_client(sync_client=True) as client,
            browser_page(1200, 800) as page,
        ):
            deployment, flow_run = run_the_flow(folder, client)
            of_run = ArtifactFilterFlowRunId(any_=[flow_run])
            found = client.read_artifacts(artifact_filter=ArtifactFilter(flow_run_id=of_run))
            ids = {artifact.key: artifact.id for artifact in found}
            pages = api.removesuffix("/api")
            artifact = f"{pages}/artifacts/artifact"
            take(page, f"{pages}/runs/flow-run/{flow_run}", "Task Runs", "timeline")
            take(page, f"{artifact}/{ids['nestedflow-failure']}", "What to do", "failure")
            take(page, f"{artifact}/{ids['nestedflow']}", "In Python", "summary")
            take(page, f"{artifact}/{ids['nestedflow-step-evaluate']}", "succeeded", "step")
            take(page, f"{pages}/deployments/deployment/{deployment}/run", "Submit", "form")


if __name__ == "__main__":
    main()
