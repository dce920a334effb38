"""Metaflow's metadata is the same files, however they are written."""

import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from metaflow_prefect.runtime.host.metadata_files import write_json, write_metadata_quickly

PROVIDERS = "metaflow.plugins.metadata_providers.local"
DATA: dict[str, Any] = {
    "value": 'ä "quoted" \u2028',
    "tags": ["a", "b"],
    "none": None,
    "number": 1.5,
    "x": {},
}


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """How Metaflow writes a file of its metadata, and how we do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what Metaflow imports
        provider: Any = import_module(PROVIDERS).LocalMetadataProvider
    own = provider._dump_json_to_file
    monkeypatch.setattr(provider, "_dump_json_to_file", own)
    write_metadata_quickly()
    return [own, provider._dump_json_to_file]


def test_the_same_bytes_and_mode(writers: list[Any], tmp_path: Path) -> None:
    files = [tmp_path / "metaflow", tmp_path / "ours"]
    for write, file in zip(writers, files, strict=True):
        write(str(file), DATA)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_mode == files[1].stat().st_mode
    assert sorted(tmp_path.iterdir()) == files


def test_a_file_is_kept_unless_it_may_be_overwritten(writers: list[Any], tmp_path: Path) -> None:
    for number, write in enumerate(writers):
        file = tmp_path / str(number)
        write(str(file), "first")
        write(str(file), "second")
        assert json.loads(file.read_text()) == "first"
        write(str(file), "third", allow_overwrite=True)
        assert json.loads(file.read_text()) == "third"


@pytest.mark.parametrize("data", [object(), "x"])
def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path, data: object) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises((TypeError, OSError)):
        write_json(str(tmp_path / "taken"), data)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
