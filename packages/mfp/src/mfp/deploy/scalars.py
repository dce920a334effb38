"""Values as YAML that every reader reads back unchanged."""

from typing import Any

from ruamel.yaml.scalarstring import DoubleQuotedScalarString


def scalars(value: Any) -> Any:
    """Put texts that are not printable between double quotes, in which they are escaped.

    Otherwise some are written as they are, and a reader takes U+0085, say, for a line break.

    Args:
        value: A text, or containers of texts; all else stays.

    Returns:
        The value.
    """
    if isinstance(value, str):
        return value if value.isprintable() else DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {scalars(key): scalars(one) for key, one in value.items()}
    return [scalars(one) for one in value] if isinstance(value, list) else value
