"""Metaflow's code package of a flow: the source that a deployment was made from, kept as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaflow.decorators import FlowDecorator
from metaflow.package import MetaflowPackage
from metaflow.packaging_sys import ContentType


@dataclass(frozen=True, kw_only=True)
class CodePackage:
    """A code package in Metaflow's datastore.

    Args:
        flow: The name of its flow.
        url: Where it is.
        sha: Its checksum, and so its key in the datastore.
        kind: The datastore's type, as `s3`.
        metadata: How it is packed, in Metaflow's own words.
    """

    flow: str
    url: str
    sha: str
    kind: str
    metadata: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which Metaflow knows that a run's code is in this package."""
        return {
            "METAFLOW_CODE_SHA": self.sha,
            "METAFLOW_CODE_URL": self.url,
            "METAFLOW_CODE_DS": self.kind,
            "METAFLOW_CODE_METADATA": self.metadata,
        }

    @property
    def place(self) -> dict[str, str]:
        """What a pull step needs to know to fetch it."""
        return {
            "flow": self.flow,
            "ds_type": self.kind,
            "location": self.url,
            "sha": self.sha,
            "metadata": self.metadata,
        }


class GeneratedFile(FlowDecorator):
    """Puts the generated file into the code package, beside the flow's own file."""

    name = "prefect_generated_file"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def add_to_package(self) -> list[tuple[str, str, ContentType]]:
        """Return the file, its name in the package, and its kind."""
        return [(str(self._path), self._path.name, ContentType.USER_CONTENT)]


def make_package(obj: Any, generated: Path) -> CodePackage:
    """Pack a flow's source as Metaflow's own schedulers do, and keep it in the datastore.

    Args:
        obj: Metaflow's command line state.
        generated: The generated file, which is not beside the flow. One beside it of that name
            is left out: it may be of another time.

    Returns:
        The package.
    """
    decorators = obj.flow._flow_decorators  # noqa: SLF001 - Metaflow has no public way
    decorators[GeneratedFile.name] = [GeneratedFile(generated)]
    try:
        package = MetaflowPackage(
            obj.flow,
            obj.environment,
            obj.echo,
            suffixes=obj.package_suffixes,
            user_code_filter=lambda name: name != generated.name,
            flow_datastore=None,
        )
        blob = package.blob
    finally:
        del decorators[GeneratedFile.name]
    url, sha = obj.flow_datastore.save_data([blob], len_hint=1)[0]
    return CodePackage(
        flow=obj.flow.name,
        url=url,
        sha=sha,
        kind=obj.flow_datastore.TYPE,
        metadata=package.package_metadata,
    )
