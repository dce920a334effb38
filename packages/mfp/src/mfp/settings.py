"""What `pyproject.toml` says about flows: `[tool.mfp]` and `[[tool.mfp.overrides]]`."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mfp.discover.files.patterns import Patterns, compile_pattern, compile_patterns
from mfp.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXTS = ("datastore", "environment", "metadata")
DEPLOYMENT_TEXTS = ("work_pool", "deployment")
LISTS = ("with", "tags")
FLOW_KEYS = (*TEXTS, *DEPLOYMENT_TEXTS, *LISTS, "configs")


class SettingsError(UsageError):
    """The settings cannot be understood.

    Args:
        path: The file.
        message: What is wrong with it.
        remedy: What to write instead.
    """

    def __init__(self, path: Path, message: str, remedy: str) -> None:
        super().__init__(f"{path}: {message}", remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowSettings:
    """What a flow is converted with.

    Attributes:
        texts: Metaflow's top-level options that have one value.
        decospecs: Decorators for all steps, as for Metaflow's `--with`.
        tags: Tags of its runs.
        configs: Files of its configs, by the configs' names.
        output: The name of the generated file; None for the usual one.
        work_pool: The work pool of its deployment; None if the settings name none.
        deployment: The name of its deployment; None for the usual one.
    """

    texts: tuple[tuple[str, str], ...] = ()
    decospecs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    configs: tuple[tuple[str, str], ...] = ()
    output: str | None = None
    work_pool: str | None = None
    deployment: str | None = None

    def options(self) -> tuple[str, ...]:
        """Give Metaflow's top-level options, as words."""
        return (
            *(f"--{name}={value}" for name, value in self.texts),
            *(f"--with={one}" for one in self.decospecs),
            *(word for name, path in self.configs for word in ("--config", name, path)),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a repository.

    Attributes:
        folder: The folder that patterns and files are relative to.
        base: What counts for all flows.
        overrides: What counts for those that match, in the file's order.
    """

    folder: Path
    base: FlowSettings
    overrides: tuple[tuple[Patterns, Mapping[str, Any]], ...]

    def for_flow(self, path: str | os.PathLike[str]) -> FlowSettings:
        """Give what a flow is converted with; a later override wins over an earlier one.

        Args:
            path: The flow's file.

        Returns:
            Its settings.
        """
        relative = os.path.relpath(path, self.folder)
        found = self.base
        for patterns, table in self.overrides:
            if patterns.holds(relative):
                found = _with(found, table, self.folder)
        return found


def read_settings(start: Path) -> Settings:
    """Read the settings of the nearest `pyproject.toml` that has any.

    Args:
        start: The folder to begin at; those above it follow.

    Returns:
        The settings; empty ones if there are none.

    Raises:
        SettingsError: If they cannot be understood.
    """
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            table = _tool(path)
            if table is not None:
                return _settings(path, table)
    return Settings(start, FlowSettings(), ())


def _tool(path: Path) -> Any:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SettingsError(path, f"cannot be read: {error}", "Correct the file.") from error
    return document.get("tool", {}).get("mfp")


def _settings(path: Path, table: Any) -> Settings:
    if not isinstance(table, dict):
        raise SettingsError(path, "tool.mfp is no table", "Write [tool.mfp].")
    overrides = table.get("overrides", [])
    _check(path, "tool.mfp", table, (*FLOW_KEYS, "overrides"))
    if not isinstance(overrides, list) or not all(isinstance(one, dict) for one in overrides):
        text = "tool.mfp.overrides is no list of tables"
        raise SettingsError(path, text, "Write [[tool.mfp.overrides]].")
    found = []
    for one in overrides:
        _check(path, "tool.mfp.overrides", one, ("paths", "output", *FLOW_KEYS))
        patterns = one.get("paths", [])
        if not patterns or any(compile_pattern(pattern) is None for pattern in patterns):
            text = "an entry of tool.mfp.overrides lacks valid paths"
            raise SettingsError(path, text, "Write patterns of files, as paths = ['flows/ml/'].")
        found.append((compile_patterns(patterns), one))
    return Settings(path.parent, _with(FlowSettings(), table, path.parent), tuple(found))


def _check(path: Path, place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name, value in table.items():
        if name not in known:
            raise SettingsError(
                path, f"{place}.{name} is unknown", f"Known are {', '.join(known)}."
            )
        if name in (*TEXTS, *DEPLOYMENT_TEXTS, "output") and not isinstance(value, str):
            raise SettingsError(path, f"{place}.{name} is no text", f"Write {name} = '...'.")
        if name in (*LISTS, "paths") and not _is_texts(value):
            raise SettingsError(
                path, f"{place}.{name} is no list of texts", f"Write {name} = ['...']."
            )
        if name == "configs" and not (isinstance(value, dict) and _is_texts([*value.values()])):
            raise SettingsError(
                path, f"{place}.configs is no table of files", "Write configs = { name = 'FILE' }."
            )
        if name == "output" and (Path(value).name != value or not value.endswith(".py")):
            raise SettingsError(
                path, f"{place}.output is no name of a Python file", "Write output = 'NAME.py'."
            )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _with(found: FlowSettings, table: Mapping[str, Any], folder: Path) -> FlowSettings:
    texts = dict(found.texts) | {name: table[name] for name in TEXTS if name in table}
    files = {name: str(folder / file) for name, file in table.get("configs", {}).items()}
    return replace(
        found,
        texts=tuple(texts.items()),
        decospecs=tuple(table.get("with", found.decospecs)),
        tags=tuple(table.get("tags", found.tags)),
        configs=tuple((dict(found.configs) | files).items()),
        output=table.get("output", found.output),
        work_pool=table.get("work_pool", found.work_pool),
        deployment=table.get("deployment", found.deployment),
    )
