"""Whose a rhythm's name is on a server: one rhythm.toml's alone, so that no other's runs count as its own.

It is noted in a variable of Prefect's: which rhythm.toml it is, and on which machine.
"""

from __future__ import annotations

import socket
import tomllib
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectAlreadyExists
from pydantic import BaseModel, ValidationError

from deployments import overview
from flows import clock
from tasks.machine_id import machine_id
from tasks.problem import CommandError
from tasks.settings.project import config_path
from tasks.settings.rhythm_toml import Settings


class NameTakenError(CommandError):
    """Another rhythm on the server has this name; the message says which, and what to do."""

    def __init__(self, owner: Owner, me: Owner, name: str) -> None:
        self.fault = f"the rhythm '{name}' of this Prefect server is {owner.config} on {owner.host}"
        self.remedy = (
            f'Set another name, like name = "home", in {me.config}; or delete that rhythm.toml, if it is of '
            "no use any more."
        )
        super().__init__(f"{self.fault}. {self.remedy}")


class Owner(BaseModel):
    """The rhythm that has a name: its rhythm.toml, and its machine by id and by the host's name."""

    config: str
    machine: str
    host: str


def variable(settings: Settings) -> str:
    """Return the name of the variable in which it is noted."""
    return f"rhythm-{settings.name}-owner"


async def check(client: PrefectClient, settings: Settings) -> None:
    """Make sure that the name is not another rhythm's.

    Raises:
        NameTakenError: it is.
    """
    noted = await client.read_variable_by_name(variable(settings))
    owner, me = _owner(noted.value) if noted else None, _me(settings)
    if owner and not _is_same(owner, me) and await _holds(client, owner, me, settings):
        raise NameTakenError(owner, me, settings.name)


async def claim(client: PrefectClient, settings: Settings) -> None:
    """Note that the name is this rhythm's.

    Raises:
        NameTakenError: it is another's. Nothing was changed.
    """
    name, value = variable(settings), _me(settings).model_dump_json()
    with suppress(ObjectAlreadyExists):  # of two that come at once, the second finds the first
        await client.create_variable(VariableCreate(name=name, value=value))
        return
    await check(client, settings)
    await client.update_variable(VariableUpdate(name=name, value=value))


def _me(settings: Settings) -> Owner:
    return Owner(
        config=str(config_path()), machine=machine_id(settings.outputs_dir), host=socket.gethostname()
    )


def _owner(value: object) -> Owner | None:
    """Return the owner that a variable notes; None if somebody has written something else there."""
    try:
        return Owner.model_validate_json(str(value))
    except ValidationError:
        return None


def _is_same(owner: Owner, me: Owner) -> bool:
    """Whether it is the same rhythm: its outputs may have been deleted, or its host renamed, but not both."""
    return owner.config == me.config and (owner.machine == me.machine or owner.host == me.host)


async def _holds(client: PrefectClient, owner: Owner, me: Owner, settings: Settings) -> bool:
    """Whether another rhythm still has the name: here, by its rhythm.toml; elsewhere, by its worker."""
    if owner.config != me.config and _is_called(Path(owner.config), settings.name):
        return True
    if owner.host == me.host:
        return False
    worker = await overview.worker_of(client, settings)
    return worker is not None and worker.is_live(clock.now())


def _is_called(path: Path, name: str) -> bool:
    """Whether a rhythm.toml is there that may have this name: it says no other, or cannot be read."""
    try:
        written = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, RecursionError):
        return True
    return bool(written.get("name", name) == name)
