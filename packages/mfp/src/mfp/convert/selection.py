"""Which flows are converted, and how: options of the commands, and their settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from metaflow_prefect.model import Runtime

from mfp.convert.shard import Shard, read_shard
from mfp.settings import FlowSettings, Settings
from mfp.terminal import Verbosity

# Those that are files, which settings name relative to their own folder.
FILES = ("paths", "output-dir", "prefect-yaml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which flows are converted, and how.

    Attributes:
        paths: Where flows are looked for.
        output_dir: Where the generated files go.
        jobs: How many flows are loaded at once; None is the number of processors.
        timeout: How many seconds loading one flow may take.
        json_file: Where the results go; None is nowhere.
        include: Patterns of the files that are read.
        exclude: Patterns of what is left out.
        flow: The names of the flows, if not all in the paths are meant.
        tag: Tags likewise, which the settings give: a flow that has one of them is meant.
        patterns_in: The folder that patterns are relative to.
        missing_imports: `stub` if stand-ins take the place of modules that are not installed.
        shard: Which part of the flows, as `I/N`.
        no_cache: Whether to load all flows, also those that did not change.
        config: Files of configs by the configs' names, for the flows that have them.
        config_value: Values of configs, likewise.
        prefect_yaml: The file to keep the deployments in; None is none.
        pull: How workers get the code; None is the usual way.
        runtime: Whether generated files hold the runtime or import it; None is as the settings of
            each flow say.
        fail_on_empty: Whether it is an error if there are no flows.
        verbosity: How much is said of what is done.
    """

    paths: tuple[str, ...] = (".",)
    output_dir: str = "prefect_flows"
    jobs: int | None = None
    timeout: float = 60
    json_file: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    flow: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    patterns_in: Path = Path()
    missing_imports: str = "error"
    shard: str = "1/1"
    no_cache: bool = False
    config: tuple[tuple[str, str], ...] = ()
    config_value: tuple[tuple[str, str], ...] = ()
    prefect_yaml: str | None = None
    pull: str | None = None
    runtime: Runtime | None = None
    fail_on_empty: bool = False
    verbosity: Verbosity = "normal"

    @property
    def part(self) -> Shard:
        """The shard, read."""
        return read_shard(self.shard)

    def applied_to(self, chosen: FlowSettings) -> FlowSettings:
        """Add what is given for all flows, which wins over a flow's own settings.

        Args:
            chosen: The flow's settings.

        Returns:
            What it is converted with.
        """
        given = {name for name, _ in self.config_value}
        files = {name: file for name, file in chosen.configs if name not in given}
        configs = tuple((files | dict(self.config)).items())
        return replace(
            chosen,
            configs=configs,
            config_values=self.config_value,
            runtime=self.runtime or chosen.runtime,
        )


def selection_of(given: Mapping[str, Any], settings: Settings) -> Selection:
    """Take what was given on the command line, then the settings, then what is usual.

    Args:
        given: The options by the names of the attributes; None and () were not given.
        settings: The settings.

    Returns:
        The selection.
    """
    found: dict[str, Any] = {}
    for name in (one.name for one in fields(Selection)):
        value = given.get(name)
        if value is not None and value != ():
            found[name] = value
        elif (key := name.replace("_", "-")) in settings.table and name != "runtime":
            found[name] = _from_settings(key, settings)
    if settings.file is not None and not given.get("include") and not given.get("exclude"):
        found["patterns_in"] = settings.folder
    # The usual folder is the project's, wherever in it the command is run.
    found.setdefault("output_dir", _here(settings, "prefect_flows"))
    return Selection(**found)


def _from_settings(key: str, settings: Settings) -> Any:
    value = settings.table[key]
    if key in FILES:
        value = [_here(settings, one) for one in ([value] if isinstance(value, str) else value)]
        return value[0] if key != "paths" else tuple(value)
    return tuple(value) if isinstance(value, list) else value


def _here(settings: Settings, path: str) -> str:
    """Give a path of the settings relative to the current folder."""
    return os.path.relpath(settings.folder / path, Path.cwd())
