"""Answers described for integrators: the schema of a dataclass, with the words of its docstring."""

import inspect
import re
import types
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final, NewType, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

_ATTRIBUTE: Final = re.compile(r"^(\w+): (.*)$")


@cache
def model_of(answer: type) -> type[BaseModel]:
    """A pydantic model with the fields of a dataclass, all of them always there.

    It only describes: answers are written by the encoder, so nothing is validated per request.

    Args:
        answer: A dataclass whose docstring has an `Attributes:` section.
    """
    hints = get_type_hints(answer)
    docs = attribute_docs(answer)
    members: dict[str, Any] = {
        field.name: (_described(hints[field.name]), Field(description=docs.get(field.name)))
        for field in fields(answer)
    }
    return create_model(
        answer.__name__,
        __config__=ConfigDict(extra="forbid"),
        __doc__=(inspect.getdoc(answer) or "").partition("\n")[0],
        **members,
    )


def attribute_docs(answer: type) -> dict[str, str]:
    """What the `Attributes:` section of a docstring says of each name."""
    _, _, section = (inspect.getdoc(answer) or "").partition("Attributes:\n")
    docs: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if not line.startswith("    "):
            break
        found = _ATTRIBUTE.match(line.strip()) if not line.startswith("     ") else None
        if found:
            name = found.group(1)
            docs[name] = found.group(2)
        elif name:
            docs[name] += f" {line.strip()}"
    return docs


def _described(hint: Any) -> Any:  # noqa: ANN401 - a type, of any kind
    """A type as its JSON: dataclasses as models, tuples as lists, names of integers as integers."""
    if isinstance(hint, NewType):
        return _described(hint.__supertype__)
    if isinstance(hint, type) and is_dataclass(hint):
        return model_of(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:  # noqa: PLR2004
        return list[_described(arguments[0])]  # type: ignore[misc]
    if origin in {Union, types.UnionType}:
        return Union[tuple(_described(one) for one in arguments)]  # noqa: UP007 - made at run time
    if origin is dict:
        return dict[str, _described(arguments[1])]  # type: ignore[misc]
    return float if hint is Decimal else hint
