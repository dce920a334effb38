"""Values as YAML that every reader reads back unchanged.

Ruamel writes YAML 1.2, but Prefect reads the file with PyYAML, which knows YAML 1.1.
"""

from typing import Any

from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from yaml import ScalarNode
from yaml.resolver import Resolver

TEXT = "tag:yaml.org,2002:str"
FLOAT = "tag:yaml.org,2002:float"
_RESOLVER: Any = Resolver()  # PyYAML's types leave out those of its methods


def scalars(value: Any) -> Any:
    """Put texts between double quotes that would be read as something else without.

    Those are what is not printable, which is escaped between them (a reader takes U+0085, say,
    for a line break), and what is a text only in YAML 1.2, such as `yes` and `12:30`.

    Args:
        value: A text, or containers of texts; all else stays.

    Returns:
        The value.
    """
    if isinstance(value, str):
        plain = value.isprintable() and _RESOLVER.resolve(ScalarNode, value, (True, False)) == TEXT
        return value if plain else DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {scalars(key): scalars(one) for key, one in value.items()}
    return [scalars(one) for one in value] if isinstance(value, list) else value


class Representer(RoundTripRepresenter):
    """Ruamel's, but that floats are those of YAML 1.1, too: `1.0e+16`, not `1e+16`."""

    def represent_float(self, data: float) -> Any:
        """Write a float.

        Args:
            data: The float.
        """
        text = repr(data)
        if "e" in text and "." not in text:
            return self.represent_scalar(FLOAT, text.replace("e", ".0e"))
        return super().represent_float(data)


Representer.add_representer(float, Representer.represent_float)
