"""rhythm.toml and RHYTHM_* variables, validated: the one page a user edits, as typed values.

`load()` finds and reads the file; everything else takes the `Settings` it returns.
"""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from tasks.problem import ConfigError, Problem, alternatives, remedy_for
from tasks.settings import faults
from tasks.settings.builtins import (
    BreakerSettings,
    CleanupSettings,
    HealthSettings,
    ReplanSettings,
    RoutingSettings,
    TrendSettings,
)
from tasks.settings.byte_size import ByteSize
from tasks.settings.duration import Duration
from tasks.settings.endpoints import EndpointSettings
from tasks.settings.env import REFERENCES, Env
from tasks.settings.groups import MAIN, RESERVED, GroupName, GroupSettings
from tasks.settings.name import DEFAULT, RhythmName
from tasks.settings.pacing import PacingSettings
from tasks.settings.project import CONFIG_VARIABLE as CONFIG_VARIABLE
from tasks.settings.project import PROJECT as PROJECT
from tasks.settings.project import config_path as config_path
from tasks.settings.server import PASSWORD_VARIABLES, AllowedHost, Auth, ListenAddress, Password, ProxyAddress
from tasks.settings.timezone import ZoneName
from tasks.settings.user_path import UserPath

#: Each lane's groups run beside all others': more of them would be the crowd that a rhythm is to end.
MOST_LANES = 8


def _local_zone() -> str:
    """Return the name of the machine's time zone, or what it gives for one."""
    try:
        return str(tzlocal.reload_localzone())  # it may change while a worker runs
    except (KeyError, ValueError, OSError):  # TZ=UTC+3 names none, nor do two files that disagree
        return os.environ.get("TZ") or "local"


class Settings(BaseSettings):
    """All settings from rhythm.toml and the environment. Paths are absolute."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=faults.PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        nested_model_default_partial_update=False,
    )

    name: RhythmName = Field(
        default=DEFAULT,
        description="Distinguishes this rhythm from others on the same Prefect server: its pool and "
        "deployments are called so, its artifacts begin with it, and only runs that it has made count. "
        "Lower-case letters, digits and single dashes.",
        examples=["home"],
    )
    timezone: ZoneName = Field(
        default_factory=_local_zone,
        validate_default=True,
        description="The time zone of slots, of `at`, and of printed times. A group may have its own. "
        "Default: the machine's.",
        examples=["Europe/Berlin"],
    )
    scripts_dir: UserPath = Field(
        default=Path("scripts"),
        description="Where scripts are. Nothing outside it is started, except what `allow` names. Relative "
        "paths start at the folder of rhythm.toml.",
        examples=["C:/workspace/agi/scripts"],
    )
    outputs_dir: UserPath = Field(
        default=Path("outputs"),
        description="Where Rhythm writes; private to the account. Relative to the folder of rhythm.toml.",
    )
    allow: tuple[UserPath, ...] = Field(
        default=(),
        description="Files and folders outside `scripts_dir` that may be started all the same.",
        examples=[["D:/tools", "C:/Windows/System32/robocopy.exe"]],
    )
    python: str | None = Field(
        default=None,
        description="The interpreter of `.py` scripts: a program, the folder of a virtual environment, or "
        '`"py -3.12"`. Default: what the first line of a script names, else the one that runs Rhythm.',
        examples=["C:/workspace/agi/venv"],
    )
    env: Env = Field(
        default={},
        description="Variables for all scripts." + REFERENCES,
        examples=[{"PATH": "${PATH}:/opt/tools"}],
    )
    env_file: UserPath | None = Field(
        default=None,
        description="A file of variables for all scripts: lines of NAME=value, which may be quoted. Relative "
        "to the folder of rhythm.toml; `env` wins over it.",
        examples=[".env"],
    )
    secret_env: tuple[str, ...] = Field(
        default=(),
        description="Variables whose values are replaced by `***` in logs, messages and reports, also where "
        "they are escaped, quoted or in base64. A value has at least 8 characters. "
        "Those that `env` or an `env_file` give, and that a name like API_TOKEN or DB_PASSWORD shows to be "
        "secret, are replaced anyway.",
        examples=[["CHAT_GATEWAY_TOKEN"]],
    )
    groups: dict[GroupName, GroupSettings] = Field(
        min_length=1,
        description="The groups, each a table of its own. Names have lower-case letters, digits and `_`.",
    )
    endpoints: tuple[EndpointSettings, ...] = Field(
        default=(),
        description="The services that built-in steps look after. Without any, Prefect's own API is asked.",
    )
    listen: ListenAddress | None = Field(
        default=None,
        description="Where Prefect's server listens. Default: 127.0.0.1 and Prefect's own port, 4200.",
        examples=["127.0.0.1:4200"],
    )
    auth: Auth = Field(default="password", description='`"off"`: the server asks for no password.')
    server_password: Password | None = Field(
        default=None,
        description="A password of your own: 8 or more printable ASCII characters. Default: one is made at "
        "the first start. `RHYTHM_SERVER_PASSWORD` is the better place.",
    )
    allowed_hosts: tuple[AllowedHost, ...] = Field(
        default=(),
        description="Further names that the server may be asked by, as a browser's address bar shows them.",
        examples=[["rhythm.example.com"]],
    )
    trusted_proxy: ProxyAddress | None = Field(
        default=None,
        description="The address or network of a proxy whose `X-Forwarded-*` headers are believed.",
        examples=["127.0.0.1"],
    )
    allow_foreign_deployments: bool = Field(
        default=False,
        description="`true`: the worker also runs other deployments of its pool. Whoever reaches the API can "
        "then run any command.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="Another database for the measurements, SQLite or PostgreSQL. `RHYTHM_DATABASE_URL` is "
        "the better place. Default: `rhythm.db` in `outputs_dir`.",
        examples=["postgresql://rhythm:secret@127.0.0.1/rhythm"],
    )
    retention: Duration = Field(default=timedelta(days=90), description="How long measurements are kept.")
    log_lines: int = Field(
        default=500,
        ge=0,
        le=10_000,
        description="How many lines of what a script prints reach Prefect's log: a fifth of them are the "
        "first, the others the last ones, and those of standard error come before others. All of them are "
        "in a file: see `rhythm logs`.",
        examples=[2000],
    )
    keep_output: Duration = Field(
        default=timedelta(days=30),
        description="How long the files are kept that have all that a step's runs have printed.",
        examples=["7d"],
    )
    keep_output_size: ByteSize = Field(
        default="1GiB",
        validate_default=True,
        description="How large they may be together; the oldest go first. One run may print a tenth of it, "
        "before it is compressed: of more, the last lines are kept. A size is a number and a unit.",
        examples=["500MB"],
    )
    pacing: PacingSettings = Field(
        default=PacingSettings(), description="When a group waits for a quieter beat."
    )
    health: HealthSettings = Field(default=HealthSettings(), description="Limits of `check_health`.")
    breaker: BreakerSettings = Field(
        default=BreakerSettings(), description="The circuit breakers of endpoints."
    )
    trends: TrendSettings = Field(default=TrendSettings(), description="Targets of the health score.")
    routing: RoutingSettings = Field(
        default=RoutingSettings(), description="When traffic moves to another endpoint."
    )
    cleanup: CleanupSettings = Field(
        default=CleanupSettings(), description="The processes that may be ended."
    )
    replans: ReplanSettings = Field(
        default=ReplanSettings(), description="What `analyze_replan_patterns` reads as well."
    )
    adopted: dict[str, str] = Field(
        default={},
        description="Which task of another scheduler `rhythm adopt` has placed in which group. A beat "
        "has no use for it.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose content is handed in as the initial values."""
        return env_settings, init_settings

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that slots and printed times are in."""
        return ZoneInfo(self.timezone)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of all variables whose values reach no log: secret_env, of headers, and the server's."""
        of_headers = (name for endpoint in self.endpoints for name in endpoint.header_variables)
        return (*self.secret_env, *of_headers, *PASSWORD_VARIABLES)

    @property
    def order(self) -> tuple[str, ...]:
        """The groups' names in dependency order, as close to rhythm.toml's own order as that allows."""
        sorter = TopologicalSorter({name: group.after for name, group in self.groups.items()})
        sorter.prepare()
        rank = {name: index for index, name in enumerate(self.groups)}
        ready, order = list(sorter.get_ready()), []
        while ready:
            first = min(ready, key=rank.__getitem__)
            ready.remove(first)
            order.append(first)
            sorter.done(first)
            ready += sorter.get_ready()
        return tuple(order)

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes' names: `main`, then the others as rhythm.toml first names them."""
        return tuple(dict.fromkeys([MAIN, *(group.lane for group in self.groups.values())]))

    def in_lane(self, lane: str) -> tuple[str, ...]:
        """Return the names of a lane's groups, as rhythm.toml has them."""
        return tuple(name for name, group in self.groups.items() if group.lane == lane)

    @model_validator(mode="after")
    def _few_lanes(self) -> Settings:
        if len(self.lanes) > MOST_LANES:
            raise PydanticCustomError(
                "lanes",
                "is the {number}th lane, and there may be {most}",
                {
                    "number": MOST_LANES + 1,
                    "most": MOST_LANES,
                    "key": f"groups.{self.in_lane(self.lanes[MOST_LANES])[0]}.lane",
                    "remedy": f"Name one of the others: {', '.join(self.lanes[:MOST_LANES])}.",
                },
            )
        return self

    @model_validator(mode="after")
    def _distinct_endpoints(self) -> Settings:
        names = [endpoint.name for endpoint in self.endpoints]
        for name in sorted({name for name in names if names.count(name) > 1}):
            raise PydanticCustomError(
                "endpoints",
                "has two endpoints named '{name}'",
                {"name": name, "key": "endpoints", "remedy": "Give one of them another name."},
            )
        return self

    @model_validator(mode="after")
    def _names_of_their_own(self) -> Settings:
        for name in self.groups:
            if name in RESERVED:
                raise PydanticCustomError(
                    "groups",
                    "'{name}' is a name of Rhythm's own",
                    {"name": name, "key": f"groups.{name}", "remedy": "Give the group another name."},
                )
        return self

    @model_validator(mode="after")
    def _nobody_is_let_in(self) -> Settings:
        if self.auth == "off" and self.listen and not self.listen.is_loopback:
            raise PydanticCustomError(
                "listen",
                "would let everybody in who can reach {listen}, as auth is off",
                {
                    "listen": str(self.listen),
                    "key": "listen",
                    "remedy": 'Take auth = "off" out, or listen on 127.0.0.1 alone.',
                },
            )
        return self

    @model_validator(mode="after")
    def _valid_dependencies(self) -> Settings:
        for name, group in self.groups.items():
            for dependency in group.after:
                if dependency not in self.groups:
                    raise PydanticCustomError(
                        "after",
                        "no such group: '{dependency}'",
                        {
                            "dependency": dependency,
                            "key": f"groups.{name}.after",
                            "remedy": alternatives("groups", dependency, self.groups),
                        },
                    )
        try:
            TopologicalSorter({name: group.after for name, group in self.groups.items()}).prepare()
        except CycleError as error:
            raise PydanticCustomError(
                "cycle",
                "dependency cycle: {circle}",
                {
                    "circle": " → ".join(error.args[1]),
                    "key": f"groups.{error.args[1][-1]}.after",
                    "remedy": "Take one of these `after` away.",
                },
            ) from None
        return self


def load(path: Path | None = None) -> Settings:
    """Read and validate rhythm.toml (`config_path()` by default) and RHYTHM_* variables.

    Relative paths in it are taken from the file's own folder.

    Raises:
        ConfigError: with every problem found; nothing has been started or written.
    """
    path = path or config_path()
    written = _read(path)
    return _validated(path, written, _surroundings())


def written_steps(path: Path) -> dict[str, list[str | None]]:
    """Return, of each group in the file, the strings that its steps are run by; None for a list of words.

    Raises:
        ConfigError: the file cannot be read.
    """
    groups = _table(_parsed(path, _read(path)).get("groups"))
    steps = {name: _table(group).get("steps") for name, group in groups.items()}
    return {
        name: [_string(step) for step in found] for name, found in steps.items() if isinstance(found, list)
    }


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(step: Any) -> str | None:
    run = step.get("run") if isinstance(step, dict) else step
    return run if isinstance(run, str) else None


def _surroundings() -> tuple[str, ...]:
    """What settings come from beside their file: variables, whose home ~ is, and the machine's time zone."""
    names = (faults.PREFIX, "HOME", "USERPROFILE")
    return (
        *(f"{name}={value}" for name, value in os.environ.items() if name.startswith(names)),
        _local_zone(),
    )


@lru_cache(maxsize=1)
def _validated(path: Path, written: bytes, surroundings: tuple[str, ...]) -> Settings:
    """Return the settings that a file's bytes make. They are kept: a beat asks once for each group."""
    try:
        settings = Settings(**_parsed(path, written))
    except ValidationError as error:
        raise ConfigError(faults.problems(error, path, written, Settings)) from None
    except SettingsError as error:  # a RHYTHM_ variable that should hold JSON and does not
        raise ConfigError([faults.not_json(error)]) from None
    except RecursionError:  # in such a variable
        raise ConfigError([faults.TOO_DEEP]) from None
    folder = path.parent.absolute()
    return settings.model_copy(
        update={
            "scripts_dir": folder / settings.scripts_dir,
            "outputs_dir": folder / settings.outputs_dir,
            "allow": tuple(folder / allowed for allowed in settings.allow),
            "env_file": folder / settings.env_file if settings.env_file else None,
            "groups": {name: _with_files(folder, group) for name, group in settings.groups.items()},
            "replans": _below(folder, settings.replans),
        }
    )


def _with_files(folder: Path, group: GroupSettings) -> GroupSettings:
    """Return a group with the paths of its variables' files, and of its steps', as they are."""
    return group.model_copy(
        update={
            "env_file": folder / group.env_file if group.env_file else None,
            "steps": tuple(
                step.model_copy(update={"env_file": folder / step.env_file}) if step.env_file else step
                for step in group.steps
            ),
        }
    )


def _below(folder: Path, replans: ReplanSettings) -> ReplanSettings:
    return replans.model_copy(update={"ledger": folder / replans.ledger if replans.ledger else None})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        remedy = f"`rhythm init` writes one into the current folder; {CONFIG_VARIABLE} names another."
        raise _broken(path, "there is no such file", remedy) from None
    except OSError as error:
        remedy = remedy_for(error, "Make it a file that you may read.")
        raise _broken(path, f"cannot be read ({error.strerror})", remedy) from None


def _parsed(path: Path, written: bytes) -> dict[str, Any]:
    """Read TOML, which may start with a byte order mark (Windows' Notepad writes one)."""
    try:
        return tomllib.loads(written.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _broken(path, f"line {line} is not UTF-8", "Save the file as UTF-8.") from None
    except RecursionError:
        remedy = "Take brackets away: nothing here needs more than four."
        raise _broken(path, "has too many brackets within each other", remedy) from None
    except ValueError as error:  # tomllib's own, or Python's of a number with more digits than it converts
        remedy = "Correct it; https://toml.io has the rules."
        raise _broken(path, f"is not valid TOML: {error}", remedy) from None


def _broken(path: Path, problem: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(path), problem, remedy)])
