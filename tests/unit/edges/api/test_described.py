"""The schema of a dataclass has its fields, their types as JSON, and the words of its docstring."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from daznode.domain.ids import NodeId
from daznode.edges.api.described import attribute_docs, model_of


class Colour(StrEnum):
    """A colour."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    """Within.

    Attributes:
        at: When.
    """

    at: datetime


@dataclass(frozen=True, slots=True)
class Outer:
    """What is described.

    More words that are no part of it.

    Attributes:
        node_id: Key.
        amount: How much, over
            two lines.
        inner: Several.
        colour: Which; None for none.
        by_name: Counts.

    Note:
        not_a_field: this is none.
    """

    node_id: NodeId
    amount: Decimal | None
    inner: tuple[Inner, ...]
    colour: Colour | None
    by_name: dict[str, int]


def test_every_field_is_there_required_and_described():
    schema = model_of(Outer).model_json_schema()
    assert schema["description"] == "What is described."
    assert schema["required"] == ["node_id", "amount", "inner", "colour", "by_name"]
    assert schema["additionalProperties"] is False
    fields = schema["properties"]
    assert fields["node_id"] == {"description": "Key.", "title": "Node Id", "type": "string"}
    assert fields["amount"]["description"] == "How much, over two lines."
    assert [one["type"] for one in fields["amount"]["anyOf"]] == ["number", "null"]
    assert fields["inner"]["items"] == {"$ref": "#/$defs/Inner"}
    assert schema["$defs"]["Inner"]["properties"]["at"]["format"] == "date-time"


def test_only_attributes_are_read():
    assert set(attribute_docs(Outer)) == {"node_id", "amount", "inner", "colour", "by_name"}
