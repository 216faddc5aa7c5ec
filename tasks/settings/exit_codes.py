"""Exit codes as people write them, and what they mean for a step."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from tasks.process.exit_status import signed

#: What a script's exit code means for its step.
Meaning = Literal["ok", "warn", "skip", "failure"]

#: An exit code, kept with its sign: Windows' have 32 bits, and people know them either way (in hex, too).
ExitCode = Annotated[
    int,
    Field(strict=True, ge=-(2**31), le=2**32 - 1),
    AfterValidator(signed),
    WithJsonSchema({"title": "exit code", "type": "integer", "minimum": -(2**31), "maximum": 2**32 - 1}),
]
ExitCodes = tuple[ExitCode, ...]


def is_among(code: int, codes: ExitCodes) -> bool:
    """Whether a (signed) exit code is one of `codes`, as a shell counts: 143 is the signal 15, too."""
    return code in codes or (code < 0 and 128 - code in codes)
