"""A datastore that cannot be written is named, with what the system says of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from e2e.project import SOURCES, FlowFolder
from support.run import LIMIT
from support.s3 import ACCESS
from support.server import free_port


def folder_for(tmp_path: Path, api: str, root: Path, **variables: str) -> FlowFolder:
    variables = {"METAFLOW_DATASTORE_SYSROOT_LOCAL": str(root), **variables}
    return FlowFolder(tmp_path, SOURCES / "fills_disk.py", PREFECT_API_URL=api, **variables)


def test_one_that_the_run_cannot_begin_in(tmp_path: Path, prefect_api: str) -> None:
    root = Path("/proc/metaflow")  # a place where nobody can make a folder
    flow = folder_for(tmp_path / "flow", prefect_api, tmp_path / "root")
    file = flow.create()
    flow.environment["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = str(root.parent)
    done = flow.run(file)
    assert done.returncode != 0
    assert "Error" in done.stderr.splitlines()[-1], done.stderr
    assert "/proc/" in done.stderr.splitlines()[-1], done.stderr


def test_one_that_cannot_be_reached(tmp_path: Path, prefect_api: str) -> None:
    flow = folder_for(tmp_path / "flow", prefect_api, tmp_path / "root")
    file = flow.create()
    url = f"http://127.0.0.1:{free_port()}"
    flow.environment |= ACCESS | {
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/metaflow",
        "METAFLOW_S3_ENDPOINT_URL": url,
        # by default it tries for hours
        "METAFLOW_S3_RETRY_COUNT": "0",
        "METAFLOW_S3_TRANSIENT_RETRY_COUNT": "0",
        "METAFLOW_S3_CLIENT_RETRY_CONFIG": '{"max_attempts": 1}',
    }
    done = flow.run(file)
    assert done.returncode == 1
    assert f'Could not connect to the endpoint URL: "{url}/' in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="makes a small file system of its own")
def test_one_that_is_full_while_a_step_runs(tmp_path: Path, prefect_api: str) -> None:
    root = tmp_path / "root"
    flow = folder_for(tmp_path / "flow", prefect_api, root)
    file = flow.create()
    root.mkdir(exist_ok=True)
    own = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    program = 'mount -t tmpfs -o size=2m disk "$0" && exec "$1" "$2"'
    done = subprocess.run(
        [*own, program, str(root), sys.executable, file],
        cwd=flow.path,
        env=flow.environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip("this system allows no file system of a user's own")
    assert done.returncode == 1
    told = "OSError: [Errno 28] No space left on device"
    where = f"Metaflow writes to the local datastore at {root}"
    assert any(told in line and where in line for line in done.stderr.splitlines()[-4:]), (
        done.stderr
    )
