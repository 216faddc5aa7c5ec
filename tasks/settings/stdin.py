"""What a script reads, as rhythm.toml writes it: a text, or a table that names a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.table import Table
from tasks.settings.user_path import UserPath

_REMEDY = {"remedy": 'Write text in quotes, or a file as { file = "answers.txt" }.'}


class Stdin(Table):
    """A text, or the path of a file; one of them."""

    text: str | None = None
    file: UserPath | None = None

    def source(self, folder: Path) -> str | Path:
        """Return the text, or the file's path; relative ones are below `folder`."""
        return folder / self.file if self.file else self.text or ""

    @model_validator(mode="before")
    @classmethod
    def _as_table(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"text": value}
        if not isinstance(value, dict | Stdin):
            raise PydanticCustomError("stdin", "is neither text nor a file", _REMEDY)
        return value

    @model_validator(mode="after")
    def _one_of_them(self) -> Stdin:
        if (self.text is None) == (self.file is None):
            raise PydanticCustomError("stdin", "names no file", _REMEDY)
        return self


#: As people write it: pydantic only knows the table.
STDIN_SCHEMA = {
    "title": "text or file",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"file": {"type": "string", "minLength": 1}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
}
