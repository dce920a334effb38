"""What Prefect's form shows of parameters that a run may do without."""

from typing import Annotated, Any, Literal

from metaflow_prefect.deploy.form import form_of
from prefect.utilities.callables import parameter_schema


def arguments(
    *,
    count: int,
    text: str | None = None,
    number: Annotated[int | None, {"kind": "int"}] = None,
    color: Literal["red", "green"] | None = None,
    many: list[int] | None = None,
    deep: bool | None = None,
    table: Any = None,
    named: str = "x",
) -> None:
    """Have a parameter of each kind."""


def test_a_field_is_empty_where_the_flow_finds_the_value() -> None:
    schema = form_of(parameter_schema(arguments).model_dump(exclude_unset=True))
    shown = {
        name: {key: value for key, value in told.items() if key not in ("title", "position")}
        for name, told in schema["properties"].items()
    }
    assert shown == {
        "count": {"type": "integer"},
        "text": {"type": "string"},
        "number": {"type": "integer"},
        "color": {"type": "string", "enum": ["red", "green", None]},
        "many": {"type": "array", "items": {"type": "integer"}},
        # a switch that nobody has touched would say no
        "deep": {
            "default": None,
            "anyOf": [{"type": "boolean"}, {"type": "null", "title": "default"}],
        },
        "table": {"default": None},
        "named": {"type": "string", "default": "x"},
    }
    assert [told["position"] for told in schema["properties"].values()] == list(range(8))
    assert schema["required"] == ["count"]
