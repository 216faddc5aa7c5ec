"""One step of a group, as rhythm.toml writes it: a string, a list, or a table with options."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from tasks import builtin
from tasks.problem import alternatives
from tasks.settings.argv import ARGV_SCHEMA, split_argv
from tasks.settings.byte_size import ByteSize, format_size
from tasks.settings.calendar.days import DaysField
from tasks.settings.calendar.period import PeriodField
from tasks.settings.duration import DURATION_SCHEMA, Duration, parse_duration
from tasks.settings.env import REFERENCES, Env
from tasks.settings.exit_codes import ExitCodes, Meaning, is_among
from tasks.settings.stdin import STDIN_SCHEMA, Stdin
from tasks.settings.user_path import UserPath

#: By how much of itself a delay may be longer: several retries at once should not become several at
#: once again.
RETRY_JITTER = 0.3
#: Bytes: no interpreter starts with less.
SMALLEST_MEMORY = 16 * 2**20

_DELAY = {"anyOf": [{"const": 0}, *DURATION_SCHEMA["anyOf"]]}
_DELAYS = WithJsonSchema(
    {
        "title": "delay",
        "anyOf": [*_DELAY["anyOf"], {"type": "array", "items": _DELAY, "minItems": 1, "maxItems": 20}],
    }
)


class StepSettings(BaseModel):
    """One step of a group: a string, a list of words, or a table with `run` and options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: Annotated[tuple[str, ...], Field(min_length=1), WithJsonSchema(ARGV_SCHEMA)] = Field(
        description="What to start: a built-in step, or a script below `scripts_dir`, and its arguments. A "
        "string is split as a POSIX shell would, only that the backslashes of Windows' paths stay; a list is "
        "taken as it is. No shell ever sees it.",
        examples=["reports/weekly.ps1 -Days 7", ["backup.ps1", "-Target", "D:\\My Files"]],
    )
    name: str = Field(
        default="",
        max_length=100,
        description="What reports call it. Unique within the group. Default: the first word of `run` "
        "without folder and suffix.",
        examples=["weekly report"],
    )
    timeout: Duration = Field(
        default=timedelta(minutes=10),
        description="For one attempt. The script and all that it has started are then asked to end, and "
        "killed five seconds later.",
    )
    retries: int = Field(
        default=0, ge=0, le=20, description="How often a failed step is tried again within the same run."
    )
    retry_delay: Annotated[tuple[float, ...], Field(min_length=1, max_length=20), _DELAYS] = Field(
        default=(10.0,),
        description="The pause before each retry: seconds, a duration, or a list whose last one repeats.",
        examples=["30s", [10, 60, 300]],
    )
    ok_codes: ExitCodes = Field(
        default=(0,),
        max_length=256,
        description="All exit codes of the script that mean success: 0 as well, if it does.",
        examples=[[0, 1, 3010]],
    )
    warn_codes: ExitCodes = Field(
        default=(),
        max_length=256,
        description="Those with which the step is completed, and shown with a warning.",
        examples=[[24]],
    )
    skip_codes: ExitCodes = Field(
        default=(),
        max_length=256,
        description="Those with which the step is skipped: there was nothing to do.",
        examples=[[75]],
    )
    memory: ByteSize | None = Field(
        default=None,
        description="How much memory the script may use, with all that it has started. If it uses more, it "
        "is ended, and the step fails. On Linux, no process of it is given more private memory than that; on "
        "Windows, all of them together are not. Default: no limit.",
        examples=["2GiB"],
    )
    optional: bool = Field(default=False, description="`true`: when this step fails, the group does not.")
    env: Env = Field(
        default={},
        description="Variables for the script, which win over the group's." + REFERENCES,
        examples=[{"LANG": "ko_KR"}],
    )
    env_file: UserPath | None = Field(
        default=None,
        description="A file of variables, relative to the folder of rhythm.toml; `env` wins over it.",
        examples=["backup.env"],
    )
    cwd: UserPath | None = Field(
        default=None,
        description="The folder that the script starts in, relative to `scripts_dir`, which is the default.",
        examples=["C:/workspace/agi"],
    )
    stdin: Annotated[Stdin | None, WithJsonSchema(STDIN_SCHEMA)] = Field(
        default=None,
        description="What the script reads from its standard input: text, in UTF-8 and as it is, or a file, "
        "relative to `scripts_dir`. Default: nothing.",
        examples=["yes\n", {"file": "answers.txt"}],
    )
    days: DaysField | None = Field(
        default=None,
        description="On which days only, of those of its group: the day is that on which the slot begins. On "
        "others the step is skipped, and the group completes without it.",
        examples=[["mon"], [1, 15, "last"]],
    )
    every: PeriodField | None = Field(
        default=None,
        description="How often at most: in the first run of its group since a slot of this length began, and "
        "again until the group has completed with it. Between, it is skipped as by `days`.",
        examples=["1w", "1 month"],
    )
    python: str | None = Field(
        default=None,
        description="The interpreter of this `.py` script, in the place of the top-level `python`.",
        examples=["py -3.12"],
    )
    interpreter: str | None = Field(
        default=None,
        description="What runs this script, of whatever kind, in the place of its first line or suffix: a "
        "program, with or without options.",
        examples=["perl -w", "powershell"],
    )

    @property
    def is_script(self) -> bool:
        """Whether it is a script (its first word is a path or has a suffix), not a built-in."""
        word = self.run[0]
        return "/" in word or "\\" in word or bool(PurePosixPath(word).suffix)

    def meaning(self, code: int) -> Meaning:
        """Return what the script's (signed) exit code means."""
        if is_among(code, self.skip_codes):
            return "skip"
        if is_among(code, self.warn_codes):
            return "warn"
        return "ok" if is_among(code, self.ok_codes) else "failure"

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
                "step", "is not a step", {"remedy": "Write a string, a list of words, or a table with `run`."}
            )
        if table.get("name"):
            return table
        try:
            words = split_argv(table.get("run"))
        except PydanticCustomError:
            return table  # the field `run` itself reports this
        named = isinstance(words, tuple | list) and words and isinstance(words[0], str)
        return {**table, "name": PureWindowsPath(words[0]).stem} if named else table

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the short forms, a string or a list, to what pydantic knows of the table."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        table = {key: schema.pop(key) for key in list(schema) if key != "description"}
        schema |= {"title": "step", "anyOf": [*ARGV_SCHEMA["anyOf"], table]}
        return reference

    @field_validator("run", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return split_argv(value)

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
                    "remedy": alternatives("built-in steps", self.run[0], builtin.NAMES)
                    + " A script needs its suffix (backup.py) or a path (./backup).",
                },
            )
        return self

    @field_validator("memory")
    @classmethod
    def _enough(cls, memory: int | None) -> int | None:
        if memory is not None and memory < SMALLEST_MEMORY:
            least = format_size(SMALLEST_MEMORY)
            raise PydanticCustomError("memory", "is out of range", {"remedy": f"Write '{least}' or more."})
        return memory

    @model_validator(mode="after")
    def _one_meaning_each(self) -> StepSettings:
        written = [key for key in ("ok_codes", "warn_codes", "skip_codes") if key in self.model_fields_set]
        if written and not self.is_script:
            raise PydanticCustomError(
                "codes",
                "has `{key}`, and a built-in step has no exit code",
                {"key": written[0], "remedy": f"Take `{written[0]}` out."},
            )
        if self.stdin and not self.is_script:
            raise PydanticCustomError(
                "stdin", "has `stdin`, and a built-in step reads nothing", {"remedy": "Take `stdin` out."}
            )
        for one, other in combinations(written, 2):
            if both := sorted({*getattr(self, one)} & {*getattr(self, other)}):
                raise PydanticCustomError(
                    "codes",
                    "has {code}, which is in `{other}` as well",
                    {"code": both[0], "other": other, "key": one, "remedy": "Leave it in one of them."},
                )
        return self

    @model_validator(mode="after")
    def _limits_a_script(self) -> StepSettings:
        if self.memory is not None and not self.is_script:
            raise PydanticCustomError(
                "memory",
                "has `memory`, which limits scripts, and '{word}' is a built-in step",
                {
                    "word": self.run[0],
                    "remedy": "Take `memory` out: a built-in step runs in Rhythm's process.",
                },
            )
        return self


def _delay(value: Any) -> float:
    """Given a duration, or a number that is 0, return seconds."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    return parse_duration(value).total_seconds()
