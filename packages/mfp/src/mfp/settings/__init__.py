"""What `pyproject.toml` says about flows: `[tool.mfp]` and `[[tool.mfp.overrides]]`."""

from mfp.settings.flow import FlowSettings
from mfp.settings.read import Settings, read_settings

__all__ = ["FlowSettings", "Settings", "read_settings"]
