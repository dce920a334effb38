"""A flow's code as Metaflow's code package, for machines that do not have it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any


def kept_package(runtime: Any) -> dict[str, str]:
    """Keep the code package of a run in its datastore.

    Args:
        runtime: Metaflow's runtime, for which Metaflow has made the package.

    Returns:
        Where it is, as `fetch_package` takes it.
    """
    store, package = runtime._flow_datastore, runtime._package
    url, sha = store.save_data([package.blob], len_hint=1)[0]
    return {
        "flow": runtime._flow.name,
        "ds_type": store.TYPE,
        "location": url,
        "sha": sha,
        "metadata": package.package_metadata,
    }


def fetch_package(place: Mapping[str, str], folder: str) -> None:
    """Put the files of a code package into a folder.

    Args:
        place: Where it is, from `kept_package`.
        folder: The folder.
    """
    cache: Any = importlib.import_module("metaflow.client.filecache").FileCache()
    package: Any = importlib.import_module("metaflow.package").MetaflowPackage
    wanted = (place[name] for name in ("ds_type", "flow", "location", "sha"))
    _, archive = cache.get_data(*wanted)
    package.cls_extract_into(place["metadata"], BytesIO(archive), folder)
