"""The tables of `pyproject.toml` that are ours, and what may be in them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mfp.discover.files.patterns import compile_pattern


def _pattern(text: str) -> str:
    if compile_pattern(text) is None:
        raise ValueError("must be in gitignore syntax, as 'flows/ml/'")
    return text


def _file_name(text: str) -> str:
    if Path(text).name != text or not text.endswith(".py"):
        raise ValueError("must be the name of a Python file, as 'train.py'")
    return text


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be a name, as 'github.com/team/flows'")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class _Table(BaseModel):
    # Keys are spelled as the options are; those with an underscore are accepted, too.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=True,
        alias_generator=lambda name: name.strip("_").replace("_", "-"),
    )


class FlowTable(_Table):
    """What flows are converted with; a key that is None was not set."""

    datastore: str | None = None
    environment: str | None = None
    metadata: str | None = None
    with_: list[str] | None = None
    tags: list[str] | None = None
    configs: dict[str, str] | None = None
    work_pool: str | None = None
    deployment: str | None = None
    runtime: Literal["embedded", "installed"] | None = None


class Override(FlowTable):
    """`[[tool.mfp.overrides]]`: the same for some flows."""

    paths: list[Pattern] = Field(min_length=1)
    output: Annotated[str, AfterValidator(_file_name)] | None = None


class Table(FlowTable):
    """`[tool.mfp]`: what counts for all flows, and the options that are given each time."""

    paths: list[str] | None = None
    include: list[Pattern] | None = None
    exclude: list[Pattern] | None = None
    output_dir: str | None = None
    prefect_yaml: str | None = None
    missing_imports: Literal["stub", "error"] | None = None
    pull: Literal["local", "git"] | None = None
    repository: Annotated[str, AfterValidator(_name)] | None = None
    jobs: Annotated[int, Field(ge=1)] | None = None
    timeout: Annotated[float, Field(gt=0)] | None = None
    overrides: list[Override] = []


def keys_of(*, override: bool) -> list[str]:
    """Give the keys that a table may have.

    Args:
        override: Whether it is one of the overrides.
    """
    fields = (Override if override else Table).model_fields
    return [field.alias or name for name, field in fields.items()]
