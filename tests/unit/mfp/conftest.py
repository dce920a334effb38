"""A repository of a few files, and what discovery says of it."""

from pathlib import Path

import pytest
from mfp.discover import Discovery, discover
from support.mfp_samples import Files, Found, write


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Write files into a new folder and discover what is in it."""

    def discover_in(
        files: Files,
        *paths: str,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
    ) -> Discovery:
        write(tmp_path, files)
        return discover(paths or (".",), root=tmp_path, include=include, exclude=exclude)

    return discover_in
