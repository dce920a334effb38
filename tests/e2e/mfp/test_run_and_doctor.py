"""`mfp run` runs a flow as its generated file does; `mfp doctor` says what is wrong."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.scheduler import client_of, make_pool
from mfp import doctor
from mfp.doctor import look_at_api
from prefect.settings import PREFECT_API_URL, temporary_settings
from support import run
from support.run import FOR_PREFECT, LIMIT, python

FLOW = """\
from metaflow import FlowSpec, Parameter, step


class RunFlow(FlowSpec):
    code = Parameter("code", default=0)

    @step
    def start(self):
        print("the code is", self.code)
        assert self.code == 0
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RunFlow()
"""


def environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("METAFLOW_", "PREFECT_"))}
    return {
        **kept,
        "TMPDIR": str(folder / "temporary"),
        "METAFLOW_USER": "tester",
        "METAFLOW_HOME": str(folder / ".metaflowconfig"),
        "PREFECT_HOME": str(folder / ".prefect"),
        **FOR_PREFECT,
        **variables,
    }


def mfp(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    (folder / "temporary").mkdir(exist_ok=True)
    return python("-m", "mfp", *words, folder=folder, variables=environment(folder, **variables))


@pytest.mark.parametrize(("words", "code"), [(("--code", "0"), 0), (("--", "--code=3"), 1)])
def test_exit_code_is_that_of_the_run(
    tmp_path: Path, prefect_api: str, words: tuple[str, ...], code: int
) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    done = mfp(tmp_path, "run", "flow.py", *words, PREFECT_API_URL=prefect_api)
    assert done.returncode == code, done.stdout + done.stderr
    assert f"the code is {3 * code}" in done.stdout + done.stderr
    assert not list((tmp_path / "temporary").glob("mfp-run-*"))
    assert [path.name for path in tmp_path.glob("*.py")] == ["flow.py"]


def test_flow_that_cannot_be_converted(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text("1 / 0\n")
    done = mfp(tmp_path, "run", "flow.py")
    assert done.returncode == 3
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_stopped(tmp_path: Path, prefect_api: str, number: signal.Signals, code: int) -> None:
    (tmp_path / "temporary").mkdir()
    slow = FLOW.replace("assert self.code == 0", "import signal; signal.pause()")
    (tmp_path / "flow.py").write_text(slow)
    with subprocess.Popen(
        [sys.executable, "-m", "mfp", "run", "flow.py"],
        cwd=tmp_path,
        env=environment(tmp_path, PREFECT_API_URL=prefect_api, PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "the code is" in line:
                break
        # Ctrl-C reaches all that runs in the terminal; a SIGTERM only the one it is sent to.
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        rest, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == code, "".join(said) + rest
    assert not list((tmp_path / "temporary").glob("mfp-run-*"))


def findings(done: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    return {one["name"]: one["status"] for one in json.loads(done.stdout)["checks"]}


def test_doctor_where_all_is_well(tmp_path: Path, prefect_api: str) -> None:
    done = mfp(tmp_path, "doctor", "--json", PREFECT_API_URL=prefect_api)
    found = findings(done)
    assert done.returncode == 0, done.stdout
    assert {found[name] for name in ("Python", "mfp", "Metaflow", "Prefect", "API")} == {"ok"}
    assert set(found) == {"Python", "mfp", "Metaflow", "Prefect", "launcher", "API", "work pools"}


def test_doctor_where_nothing_is(tmp_path: Path) -> None:
    """A server that cannot be imported, no name of a user, a launcher that there is not."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "prefect.py").write_text("raise TypeError('min_items')\n")
    done = mfp(
        tmp_path,
        "doctor",
        "--json",
        METAFLOW_USER="root",
        METAFLOW_PREFECT_LAUNCHER="quick",
        PYTHONPATH=str(broken),
    )
    assert done.returncode == 3, done.stderr
    checks = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    failed = {name for name, one in checks.items() if one["status"] == "failed"}
    assert failed == {"Metaflow", "Prefect", "launcher"}
    assert all(checks[name]["remedy"] for name in failed)
    assert "min_items" in checks["Prefect"]["message"]


@pytest.mark.on_days("even")  # it imports Prefect's server, as the next does
def test_doctor_names_a_settings_file_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "use_warm", False)  # whose Prefect has read its settings
    (tmp_path / "pyproject.toml").write_text("[tool.mfp")
    done = mfp(tmp_path, "doctor", "--json")
    assert done.returncode == 3, done.stderr
    [found] = [one for one in json.loads(done.stdout)["checks"] if one["name"] == "Prefect"]
    assert "pyproject.toml" in found["message"]
    assert found["remedy"].startswith("Correct that file")


@pytest.mark.on_days("odd")
@pytest.mark.one_a_day("versions", "message")
@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ("3.8.8 0.150.0 2.0.9", ""),
        ("3.8.8 0.151.0 2.0.9", "the server of Prefect 3.8.8 fails with fastapi 0.151.0"),
        ("3.8.0 0.165.1 2.1.0", "fails with fastapi 0.165.1 and sqlalchemy 2.1.0"),
        ("3.9.0 0.165.1 2.1.0", ""),
    ],
)
def test_doctor_names_what_the_server_of_prefect_fails_with(
    tmp_path: Path, versions: str, message: str
) -> None:
    for name, version in zip(("prefect", "fastapi", "sqlalchemy"), versions.split(), strict=True):
        facts = tmp_path / "installed" / f"{name}-{version}.dist-info"
        facts.mkdir(parents=True)
        facts.joinpath("METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    done = mfp(tmp_path, "doctor", "--json", PYTHONPATH=str(tmp_path / "installed"))
    [found] = [one for one in json.loads(done.stdout)["checks"] if one["name"] == "Prefect"]
    assert found["status"] == ("failed" if message else "ok")
    assert message in found["message"]
    if message:
        assert "pip install 'fastapi<0.151' 'sqlalchemy<2.1'" in found["remedy"]


@pytest.mark.parametrize(
    ("url", "status", "text"),
    [
        ("http://127.0.0.1:1/api", "failed", "No Prefect server answers at http://127.0.0.1:1/api"),
        (None, "warning", "PREFECT_API_URL is not set"),
    ],
)
def test_doctor_without_a_server(url: str | None, status: str, text: str) -> None:
    with temporary_settings({PREFECT_API_URL: url}):
        [found] = asyncio.run(look_at_api())
    assert (found.name, found.status) == ("API", status)
    assert text in found.message
    assert found.remedy


def test_doctor_waits_for_no_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "API_LIMIT", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}):
            [found] = asyncio.run(look_at_api())
    assert (found.name, found.status) == ("API", "failed")
    assert found.message == f"{url} has not answered for 1 s"


def test_doctor_looks_at_the_work_pools(tmp_path: Path, prefect_api: str) -> None:
    pools = {"doctor-waiting": False, "doctor-paused": True}
    (tmp_path / "pyproject.toml").write_text("[tool.mfp]\nwork-pool = 'doctor-nowhere'\n")
    try:
        for name, is_paused in pools.items():
            make_pool(prefect_api, name, is_paused=is_paused)
        done = mfp(tmp_path, "doctor", "--json", PREFECT_API_URL=prefect_api)
        found = {one["name"]: one for one in json.loads(done.stdout)["checks"]}
    finally:
        with client_of(prefect_api) as client:
            for name in pools:
                client.delete_work_pool(name)
    assert done.returncode == 0
    assert "doctor-waiting (process, no worker)" in found["work pools"]["message"]
    assert "doctor-paused (process, paused)" in found["work pools"]["message"]
    assert "prefect worker start --pool" in found["work pools"]["remedy"]
    assert found["work pool doctor-nowhere"]["status"] == "warning"
