"""Find `pyproject.toml`, read it, and say all that is wrong with it."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mfp.discover.files.ignore import repository_top
from mfp.discover.files.patterns import Patterns, compile_patterns
from mfp.errors import UsageError
from mfp.settings.flow import FlowSettings
from mfp.settings.lines import line_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = ("tool", "mfp")
METAFLOW = ("datastore", "environment", "metadata")  # Metaflow's options with one value each
# Pydantic's words for what is wrong, as a reader of TOML knows them.
WORDS = {
    "string_type": "must be a string",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "missing": "is missing",
    "too_short": "must not be empty",
}


class SettingsError(UsageError):
    """The settings cannot be understood.

    Args:
        place: The file, and the line if it is known.
        message: What is wrong there.
        remedy: What to write instead.
    """

    def __init__(self, place: str, message: str, remedy: str) -> None:
        super().__init__(f"{place}: {message}", remedy)


@dataclass(frozen=True, slots=True)
class Override:
    """What counts for some flows.

    Attributes:
        patterns: The flows' files, relative to the settings' folder.
        table: What is set for them, by the keys of `pyproject.toml`.
        line: The line where it begins.
    """

    patterns: Patterns
    table: Mapping[str, Any]
    line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of a repository.

    Attributes:
        folder: The folder that patterns, paths and files in them are relative to.
        file: The `pyproject.toml`; None if there are no settings.
        text: What it holds.
        table: What is set for all flows and for the commands, by the keys of `pyproject.toml`.
        overrides: What counts for some flows, in the file's order.
    """

    folder: Path
    file: Path | None = None
    text: str = ""
    table: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    overrides: tuple[Override, ...] = ()

    def for_flow(self, path: str | os.PathLike[str]) -> FlowSettings:
        """Give what a flow is converted with; a later override wins over an earlier one.

        Args:
            path: The flow's file.

        Returns:
            Its settings.
        """
        relative = os.path.relpath(path, self.folder)
        found = _with(FlowSettings(), self.table, self.folder)
        for one in self.overrides:
            if one.patterns.holds(relative):
                found = _with(found, one.table, self.folder)
        return found

    def matches(self, number: int, path: str | os.PathLike[str]) -> bool:
        """Say whether an override counts for a flow.

        Args:
            number: The override's place in the file's order, from 0.
            path: The flow's file.
        """
        return self.overrides[number].patterns.holds(os.path.relpath(path, self.folder))

    def location(self, *keys: str | int) -> str:
        """Give file and line of a key.

        Args:
            keys: The way to it, from `[tool.mfp]` on.
        """
        line = line_of(self.text, (*TABLE, *keys))
        name = os.path.relpath(self.file) if self.file else ""
        return name if line is None else f"{name}:{line}"


def read_settings(start: Path) -> Settings:
    """Read the settings of the nearest `pyproject.toml` that has any.

    Args:
        start: The folder to begin at. In a git repository those above it follow, up to the
            repository's top: what lies outside of a repository says nothing about it.

    Returns:
        The settings; empty ones of the repository's top, or else of `start`, if there are none.

    Raises:
        SettingsError: If they cannot be understood.
    """
    top = Path(repository_top(str(start)) or start)
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            text = _text(path)
            table = _document(path, text).get("tool", {}).get("mfp")
            if table is not None:
                return _settings(path, text, table)
        if folder == top:
            break
    return Settings(folder=top)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), f"cannot be read: {error}", "Correct the file.") from error


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(path), f"is not valid TOML: {error}", "Correct it.") from error


def _settings(path: Path, text: str, found: Any) -> Settings:
    from pydantic import ValidationError  # noqa: PLC0415  (needed only where there are settings)

    from mfp.settings.tables import Table  # noqa: PLC0415

    settings = Settings(folder=path.parent, file=path, text=text)
    try:
        table = Table.model_validate(found)
    except ValidationError as error:
        place, message = _problems(settings, error.errors(include_url=False))
        raise SettingsError(place, message, "Correct the settings.") from error
    return replace(
        settings,
        table=MappingProxyType(_set_keys(table, {"overrides"})),
        overrides=tuple(
            Override(
                compile_patterns(one.paths),
                _set_keys(one, {"paths"}),
                line_of(text, (*TABLE, "overrides", number)),
            )
            for number, one in enumerate(table.overrides)
        ),
    )


def _set_keys(table: Any, exclude: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = table.model_dump(by_alias=True, exclude_unset=True, exclude=exclude)
    return found


def _problems(settings: Settings, errors: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Give the place of the first of pydantic's errors, and a message of all of them."""
    found = [(settings.location(*error["loc"]), _message(error)) for error in errors]
    (place, message), *others = found
    return place, "; ".join([message, *(f"{other}: {text}" for other, text in others)])


def _message(error: Mapping[str, Any]) -> str:
    keys: tuple[str | int, ...] = (*TABLE, *error["loc"])
    name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)[1:]
    if error["type"] == "extra_forbidden":
        from mfp.settings.tables import keys_of  # noqa: PLC0415

        known = keys_of(override="overrides" in keys)
        close = get_close_matches(str(keys[-1]).replace("_", "-"), known, 1)
        hint = f"perhaps you mean {close[0]}" if close else f"known are {', '.join(known)}"
        return f"{name} is unknown: {hint}"
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    said = WORDS.get(error["type"], said if said.startswith("must") else f"must be {said}")
    return f"{name} {said}"


def _with(found: FlowSettings, table: Mapping[str, Any], folder: Path) -> FlowSettings:
    options = dict(found.options) | {name: table[name] for name in METAFLOW if name in table}
    files = {name: str(folder / file) for name, file in table.get("configs", {}).items()}
    return replace(
        found,
        options=tuple(options.items()),
        decospecs=tuple(table.get("with", found.decospecs)),
        tags=tuple(table.get("tags", found.tags)),
        configs=tuple((dict(found.configs) | files).items()),
        output=table.get("output", found.output),
        work_pool=table.get("work-pool", found.work_pool),
        deployment=table.get("deployment", found.deployment),
        runtime=table.get("runtime", found.runtime),
    )
