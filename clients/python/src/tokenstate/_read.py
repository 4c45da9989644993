"""JSON into dataclasses, by their annotations. Members that a class does not know are left out: a newer authapi has more."""

from __future__ import annotations

import json
import re
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import httpx

T = TypeVar('T')

# Longer answers are not read to their end: a thousand verdicts are about 400 KB.
MAX_ANSWER = 8 << 20


@dataclass(frozen=True)
class Answer:
    """What came, read whole."""

    status: int
    headers: httpx.Headers
    content: bytes

    def json(self) -> Any:
        """Raises ValueError if it is no JSON."""
        return json.loads(self.content)


_FRACTION = re.compile(r'(\.\d{1,6})\d*')


def instant(text: Any) -> datetime | None:
    """A time of RFC 3339, to the microsecond; None for null."""
    if not isinstance(text, str):
        return None
    return datetime.fromisoformat(_FRACTION.sub(lambda m: m[1].ljust(7, '0'), text.replace('Z', '+00:00')))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def read(cls: type[T], data: Any) -> T:
    """Raises ValueError or TypeError if data is of another form."""
    if not isinstance(data, dict):
        raise TypeError(f'{cls.__name__} is an object')
    hints = _hints(cls)  # type: ignore[arg-type]  # mypy does not see that a class is hashable
    found = {}
    for field in fields(cls):  # type: ignore[arg-type]  # only dataclasses come here
        name = field.metadata.get('name', field.name)
        if name in data:
            found[field.name] = _value(hints[field.name], data[name])
    return cls(**found)


def _value(hint: Any, value: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (hint,) = (a for a in arguments if a is not type(None))
        return _value(hint, value)
    if origin is tuple:
        if not isinstance(value, list):
            raise TypeError('a list is expected')
        return tuple(_value(arguments[0], one) for one in value)
    if origin is typing.Literal:
        hint = str
    if hint is datetime:
        if (at := instant(value)) is None:
            raise TypeError('a time is expected')
        return at
    if is_dataclass(hint):
        return read(typing.cast(type, hint), value)
    if not isinstance(value, hint):
        raise TypeError(f'{hint.__name__} is expected')
    return value
