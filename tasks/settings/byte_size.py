"""Sizes as people write them: 500MB, 2GiB."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_BINARY = {"TiB": 2**40, "GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
_UNITS = {**_BINARY, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(_UNITS)})")
#: Bytes, of which no machine has more: 1024 TiB.
LARGEST = 2**50

_REMEDY = {"remedy": "Write a number and a unit: '500MB', '2GiB'."}


def parse_size(value: object) -> int:
    """Given "500MB", "2GiB" or the like, return bytes: from 1 to LARGEST.

    Raises:
        PydanticCustomError: for anything else; its context holds the remedy.
    """
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("size", "is not a size", _REMEDY)
    size = float(found[1]) * _UNITS[found[2]]
    if not 1 <= size <= LARGEST:
        raise PydanticCustomError("size", "is out of range", _REMEDY)
    return round(size)


def format_size(value: int) -> str:
    """Given bytes, return them as people write them: in the largest binary unit of which there is one."""
    unit, size = next(((unit, size) for unit, size in _BINARY.items() if value >= size), ("B", 1))
    return f"{value / size:.6g}{unit}"


#: Bytes.
ByteSize = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size, when_used="json"),
    WithJsonSchema({"title": "size", "type": "string", "pattern": f"^{_SIZE.pattern}$"}),
]
