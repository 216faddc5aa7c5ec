"""One step of a group, as rhythm.toml writes it: a string, a list, or a table with options."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from tasks import builtin
from tasks.duration import Duration, parse_duration
from tasks.user_path import UserPath
from tasks.words import split_words

#: By how much of itself a delay may be longer: several retries at once should not become several at
#: once again.
RETRY_JITTER = 0.3


class StepSettings(BaseModel):
    """What to run, and how patiently. `run` is an argument list; no shell ever sees it.

    `retry_delay` is in seconds, one for each retry (the last one repeats).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: tuple[str, ...] = Field(min_length=1)
    name: str = Field(default="", max_length=100)
    timeout: Duration = timedelta(minutes=10)
    retries: int = Field(default=0, ge=0, le=20)
    retry_delay: tuple[float, ...] = Field(default=(10.0,), min_length=1, max_length=20)
    optional: bool = False
    env: dict[str, str] = {}
    cwd: UserPath | None = None
    python: str | None = None

    @property
    def is_script(self) -> bool:
        """Whether it is a script (its first word is a path or has an ending), not a built-in."""
        word = self.run[0]
        return "/" in word or "\\" in word or bool(PurePosixPath(word).suffix)

    @property
    def longest(self) -> timedelta:
        """The longest that it may take with all its retries, without what is done around it."""
        delays = [*self.retry_delay, *[self.retry_delay[-1]] * self.retries][: self.retries]
        return self.timeout * (self.retries + 1) + timedelta(seconds=(1 + RETRY_JITTER) * sum(delays))

    @model_validator(mode="before")
    @classmethod
    def _as_table(cls, value: Any) -> Any:
        """A string or a list is a table that has only `run`; its name comes from the first word."""
        table = {"run": value} if isinstance(value, str | list | tuple) else value
        if isinstance(table, StepSettings):
            return table
        if not isinstance(table, dict):
            raise PydanticCustomError(
                "step", "is no step", {"remedy": "Write a string, a list of words, or a table with `run`."}
            )
        if table.get("name"):
            return table
        try:
            words = split_words(table.get("run"))
        except PydanticCustomError:
            return table  # the field `run` itself reports this
        named = isinstance(words, tuple | list) and words and isinstance(words[0], str)
        return {**table, "name": PureWindowsPath(words[0]).stem} if named else table

    @field_validator("run", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return split_words(value)

    @field_validator("run")
    @classmethod
    def _something_to_run(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words[0].strip():
            raise PydanticCustomError(
                "run", "names nothing to run", {"remedy": "Name a built-in step or a script."}
            )
        if any("\0" in word for word in words):
            raise PydanticCustomError("run", "contains a NUL character", {"remedy": "Take it out."})
        return words

    @field_validator("retry_delay", mode="before")
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        return tuple(_delay(item) for item in (value if isinstance(value, list | tuple) else [value]))

    @model_validator(mode="after")
    def _known_built_in(self) -> StepSettings:
        if not self.is_script and self.run[0] not in builtin.NAMES:
            raise PydanticCustomError(
                "built_in",
                "names no built-in step: '{word}'",
                {
                    "word": self.run[0],
                    "remedy": f"The built-in steps are {', '.join(builtin.NAMES)}; a script needs its "
                    "ending (backup.py) or a path (./backup).",
                },
            )
        return self


def _delay(value: Any) -> float:
    """Given seconds as a number, or a duration as text, return seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 86400:
        return float(value)
    if isinstance(value, str):
        return parse_duration(value).total_seconds()
    raise PydanticCustomError(
        "retry_delay", "is no delay", {"remedy": "Write seconds (0 to 86400), '30s', or a list of them."}
    )
