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
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from tasks import faults
from tasks.builtin_settings import (
    BreakerSettings,
    CleanupSettings,
    HealthSettings,
    ReplanSettings,
    RoutingSettings,
    TrendSettings,
)
from tasks.duration import Duration
from tasks.endpoint_settings import EndpointSettings
from tasks.group_settings import GroupName, GroupSettings
from tasks.problem import ConfigError, Problem
from tasks.project import CONFIG_VARIABLE as CONFIG_VARIABLE
from tasks.project import PROJECT as PROJECT
from tasks.project import config_path as config_path
from tasks.server_settings import PASSWORD_VARIABLES, AllowedHost, Auth, ListenAddress, Password, ProxyAddress
from tasks.user_path import UserPath


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone",
            "is no known time zone",
            {"remedy": "Write a name like 'Europe/Berlin', 'Asia/Seoul' or 'UTC'."},
        ) from None
    return name


def _local_zone() -> str:
    """Return the name of the machine's time zone, or what it gives for one."""
    try:
        return str(tzlocal.reload_localzone())  # it may change while a worker lives
    except (KeyError, ValueError, OSError):  # TZ=UTC+3 names none, nor do two files that disagree
        return os.environ.get("TZ") or "local"


class Settings(BaseSettings):
    """All that rhythm.toml and the environment say. Paths are absolute."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=faults.PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        nested_model_default_partial_update=False,
    )

    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default_factory=_local_zone, validate_default=True
    )
    scripts_dir: UserPath = Path("scripts")
    outputs_dir: UserPath = Path("outputs")
    allow: tuple[UserPath, ...] = ()
    python: str | None = None
    secret_env: tuple[str, ...] = ()
    groups: dict[GroupName, GroupSettings] = Field(min_length=1)
    endpoints: tuple[EndpointSettings, ...] = ()
    listen: ListenAddress | None = None
    auth: Auth = "password"
    server_password: Password | None = None
    allowed_hosts: tuple[AllowedHost, ...] = ()
    trusted_proxy: ProxyAddress | None = None
    allow_foreign_deployments: bool = False
    database_url: SecretStr | None = None
    retention: Duration = timedelta(days=90)
    health: HealthSettings = HealthSettings()
    breaker: BreakerSettings = BreakerSettings()
    trends: TrendSettings = TrendSettings()
    routing: RoutingSettings = RoutingSettings()
    cleanup: CleanupSettings = CleanupSettings()
    replans: ReplanSettings = ReplanSettings()
    #: Which old task `rhythm adopt` has placed in which group; a beat has no use for it.
    adopted: dict[str, str] = {}

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
    def _sound_dependencies(self) -> Settings:
        for name, group in self.groups.items():
            for dependency in group.after:
                if dependency not in self.groups:
                    raise PydanticCustomError(
                        "after",
                        "'{dependency}' is no group of this file",
                        {
                            "dependency": dependency,
                            "key": f"groups.{name}.after",
                            "remedy": f"The groups are {', '.join(self.groups)}.",
                        },
                    )
        try:
            TopologicalSorter({name: group.after for name, group in self.groups.items()}).prepare()
        except CycleError as error:
            raise PydanticCustomError(
                "cycle",
                "the groups wait for each other in a circle: {circle}",
                {
                    "circle": " → ".join(error.args[1]),
                    "key": f"groups.{error.args[1][-1]}.after",
                    "remedy": "Take one of these `after` away.",
                },
            ) from None
        return self


def load(path: Path | None = None) -> Settings:
    """Read and validate rhythm.toml (`config_path()` unless told otherwise) and RHYTHM_* variables.

    Relative paths in it are taken from the file's own folder.

    Raises:
        ConfigError: with every problem found; nothing has been started or written.
    """
    path = path or config_path()
    written = _read(path)
    return _validated(path, written, _surroundings())


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
        raise ConfigError(faults.problems(error, path)) from None
    except SettingsError as error:  # a RHYTHM_ variable that should hold JSON and does not
        raise ConfigError([faults.not_json(error)]) from None
    folder = path.parent.absolute()
    return settings.model_copy(
        update={
            "scripts_dir": folder / settings.scripts_dir,
            "outputs_dir": folder / settings.outputs_dir,
            "allow": tuple(folder / allowed for allowed in settings.allow),
            "replans": _below(folder, settings.replans),
        }
    )


def _below(folder: Path, replans: ReplanSettings) -> ReplanSettings:
    return replans.model_copy(update={"ledger": folder / replans.ledger if replans.ledger else None})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        remedy = f"Write it, or name another in {CONFIG_VARIABLE}."
        raise _broken(path, "there is no such file", remedy) from None
    except OSError as error:
        remedy = "Make it a file that you may read."
        raise _broken(path, f"cannot be read ({error.strerror})", remedy) from None


def _parsed(path: Path, written: bytes) -> dict[str, Any]:
    """Read TOML, which may start with a byte order mark (Windows' Notepad writes one)."""
    try:
        return tomllib.loads(written.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _broken(path, f"line {line} is not UTF-8", "Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        remedy = "Mend it; https://toml.io has the rules."
        raise _broken(path, f"is not valid TOML: {error}", remedy) from None


def _broken(path: Path, problem: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(path), problem, remedy)])
