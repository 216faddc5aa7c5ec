"""Finds the Prefect server to talk to, and makes sure that it is the right one, and lets us in."""

from __future__ import annotations

import hmac
import os
import secrets
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from prefect.settings import get_current_settings

from deployments.server import address as addresses
from deployments.server import identity, instance_lock, listener, password
from deployments.server.address import Address
from deployments.server.loopback import is_of_this_machine
from tasks.problem import CommandError
from tasks.settings.rhythm_toml import Settings

_TIMEOUT = 5.0  # seconds for a local server to answer


class ServerError(CommandError):
    """There is no server to talk to; the message says why, and what to do."""


class PasswordError(ServerError):
    """A server wants a password that we do not have; the message says where, and what to do."""

    def __init__(self, address: Address, had_one: bool) -> None:
        fault = "it does not take the one that is set here" if had_one else "none is set here"
        self.fault = f"the server wants a password: {fault}: {address}"
        self.remedy = (
            "Name it in PREFECT_API_AUTH_STRING (`rhythm env --secrets` prints it where the server was "
            "started), or in RHYTHM_SERVER_PASSWORD."
        )
        super().__init__(f"{self.fault}. {self.remedy}")


def find(settings: Settings) -> Address | None:
    """Return the address of the server that answers and keeps this rhythm's history; None if none does.

    What a running `rhythm up` has recorded comes first, whatever Prefect profile is active here; then what
    the user has named (PREFECT_API_URL); then, unless that is another machine's, what another rhythm serves
    Prefect's home by; then, if none is named, the place where a server of ours would be. What listens on
    this machine has to be a process of this account, or to prove that it knows the password: else it gets
    nothing, and is not believed.

    Raises:
        PasswordError: it answers, but not to us.
        ServerError: the named one is a program of another account.
        ConfigError: a password cannot be used.
    """
    if up := instance_lock.running(settings.outputs_dir):
        found = _examine(Address(up.url, addresses.RUNNING), settings)
        if found and not found.is_stranger:
            return found.admitted()
    elif address := addresses.named():
        found = _examine(address, settings)
        if found and found.is_stranger:
            raise ServerError(
                f"what listens at {address} is another account's, and does not know the password. "
                "End it, or name another address in PREFECT_API_URL."
            )
        if found or not address.is_local:
            return found.admitted() if found else None
        return _homes(settings)
    elif home := _homes(settings):
        return home
    found = _examine(addresses.wanted(settings), settings)
    return found.admitted() if found and found.may_be_ours and not found.is_stranger else None


def _homes(settings: Settings) -> Address | None:
    """Return the server that another rhythm serves Prefect's home by; None if none answers.

    Raises:
        PasswordError: it answers, but not to us.
    """
    other = instance_lock.server_running(get_current_settings().home)
    found = _examine(Address(other.url, addresses.ANOTHERS), settings) if other else None
    return found.admitted() if found and not found.is_stranger else None


def expected(settings: Settings) -> Address:
    """Return where a server should answer, for the message that none does."""
    if up := instance_lock.running(settings.outputs_dir):
        return Address(up.url, addresses.RUNNING)
    return addresses.named() or addresses.wanted(settings)


def answers(address: Address) -> bool:
    """Whether a Prefect API answers there."""
    with client(address) as asked:
        return _peer(asked, address) is not None


def is_listened_at(address: Address) -> bool:
    """Whether something listens there. What is only slow to answer does, and has its database open."""
    try:
        with socket.create_connection((address.host, address.port), timeout=_TIMEOUT):
            return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


@dataclass(frozen=True, slots=True)
class _Found:
    """A server that answers, with the password that it is to be asked by.

    `lets_us_in` is whether it takes it, and `may_be_ours` whether its data may be where ours are: it reports
    this to those that it lets in, and to others only if it is one of Rhythm's. A stranger was not asked.
    """

    address: Address
    lets_us_in: bool = False
    may_be_ours: bool = False
    is_stranger: bool = False

    def admitted(self) -> Address:
        if not self.lets_us_in:
            raise PasswordError(self.address, had_one=self.address.password is not None)
        return self.address


def _examine(address: Address, settings: Settings) -> _Found | None:
    """Make sure whose a server is, and ask it, by the password that we have, where it keeps its data."""
    found = None
    with client(address) as asked:
        if peer := _peer(asked, address):
            for secret in _passwords(address, settings):
                found = _ask(asked, replace(address, password=secret), peer)
                if found is None or found.lets_us_in:
                    break
    return found


def _passwords(address: Address, settings: Settings) -> list[str | None]:
    """Return what a server may be asked by: one password; two, where the first may be another server's."""
    theirs, ours = password.of_prefect(), password.of_rhythm(settings)
    of_a_profile = theirs and "PREFECT_API_AUTH_STRING" not in os.environ
    return [theirs, ours] if of_a_profile and ours and address.is_local else [theirs or ours]


def _ask(client: httpx.Client, address: Address, peer: tuple[str, int]) -> _Found | None:
    """Ask a server by one password; None if it stops answering."""
    identity: _Identity | None = None
    if not (address.is_local and listener.is_trusted(*peer)):
        identity = _identity(client, address)
        if not (identity and identity.is_proven):
            if address.is_local:
                refused = _Found(address, may_be_ours=True)
                return refused if identity and identity.is_of_our_home else _Found(address, is_stranger=True)
            address = replace(address, password=password.of_prefect())  # as Prefect itself would send it
    try:
        answer = client.get(f"{address.url}/admin/settings", headers=address.headers)
    except httpx.HTTPError:
        return None
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        identity = identity or _identity(client, address)
        return _Found(address, may_be_ours=identity is None or identity.is_of_our_home)
    return _Found(address, lets_us_in=True, may_be_ours=_keeps_data_in_our_home(answer))


@dataclass(frozen=True, slots=True)
class _Identity:
    """What a server of Rhythm's reports about itself."""

    is_of_our_home: bool
    is_proven: bool
    """Whether it has shown that it knows the password."""


def _identity(client: httpx.Client, address: Address) -> _Identity | None:
    """Ask a server for its identity; None if it is not one of Rhythm's."""
    known = address.password
    nonce = secrets.token_urlsafe(32)
    try:
        with client.stream("GET", f"{address.ui}{identity.PATH}", params={"nonce": nonce}) as answer:
            peer = answer.extensions["network_stream"].get_extra_info("server_addr")
            said: Any = answer.read() and answer.json()
        home, shown = str(said["home"]), str(said["proof"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    wanted = identity.proof(known, nonce, (peer[0], peer[1])) if known and peer else ""
    return _Identity(
        is_of_our_home=home == identity.home_digest(get_current_settings().home),
        is_proven=bool(wanted) and hmac.compare_digest(shown.encode(), wanted.encode()),
    )


def _peer(client: httpx.Client, address: Address) -> tuple[str, int] | None:
    """Return the IP address and port at which a Prefect API answers; None if none does."""
    try:
        with client.stream("GET", f"{address.url}/health") as answer:
            host, port, *_ = answer.extensions["network_stream"].get_extra_info("server_addr")
            is_prefect = answer.read().strip() == b"true"
    except httpx.HTTPError:
        return None
    return (host, port) if is_prefect else None


def _keeps_data_in_our_home(answer: httpx.Response) -> bool:
    """Whether the server keeps its data where ours would: another project's may run on this machine."""
    try:
        return Path(answer.json()["home"]).samefile(get_current_settings().home)
    except (ValueError, KeyError, TypeError, OSError):
        return False


def client(address: Address, timeout: float = _TIMEOUT) -> httpx.Client:
    """Return a client that asks this machine directly, and loads certificates only where there are some."""
    return httpx.Client(
        timeout=timeout,
        trust_env=not is_of_this_machine(address.host),
        verify=address.url.startswith("https:"),
    )
