"""A path as people write it: ~ is their home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def parse_path(path: Path) -> Path:
    """Given a path, return it with the home folder that a leading ~ stands for.

    Raises:
        PydanticCustomError: nothing can ever have this path; its context holds the remedy.
    """
    if "\0" in str(path):
        raise PydanticCustomError("path", "contains a NUL character", {"remedy": "Take it out."})
    try:
        return path.expanduser()
    except RuntimeError:
        raise PydanticCustomError(
            "path", "begins with a user whose home is unknown", {"remedy": "Write the whole path."}
        ) from None


UserPath = Annotated[Path, AfterValidator(parse_path)]
