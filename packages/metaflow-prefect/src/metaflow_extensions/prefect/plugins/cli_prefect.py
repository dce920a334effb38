"""The commands, where Metaflow looks for them."""

from metaflow_prefect.cli import cli

__all__ = ["cli"]
