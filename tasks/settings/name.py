"""What a rhythm is called, by which several are distinguished on one Prefect server."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

#: What one is called that has no name of its own; all its names on the server are then without a prefix.
DEFAULT = "rhythm"


def _not_prefects(name: str) -> str:
    if name.startswith("prefect"):
        raise PydanticCustomError(
            "name", "begins as Prefect's own work pools do", {"remedy": "Choose a name without 'prefect'."}
        )
    return name


RhythmName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40), AfterValidator(_not_prefects)
]
