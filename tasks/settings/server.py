"""rhythm.toml's settings of Prefect's server: where it listens, who may ask it, and by which password."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

#: Characters that a password needs at least: shorter ones cannot be masked in logs either.
SHORTEST_PASSWORD = 8

#: Where the server's password stands in the environment of a beat, and of the scripts that it starts.
PASSWORD_VARIABLES = ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "RHYTHM_SERVER_PASSWORD")

#: `password`: one is made, unless the user has set one. `off`: whoever reaches the port may do everything.
Auth = Literal["password", "off"]

_HOST = r"\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PORT = r"[0-9]{1,5}"
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Listen:
    """An address of this machine, without brackets, and a port."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host == "localhost" or ip_address(self.host).is_loopback

    @property
    def is_every_address(self) -> bool:
        """Whether it stands for all addresses that this machine has."""
        return self.host != "localhost" and ip_address(self.host).is_unspecified

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _listen(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(rf"({_HOST}):({_PORT})", value)
    host = found[1].strip("[]") if found else ""
    port = int(found[2]) if found else 0
    try:
        is_address = host == "localhost" or bool(ip_address(host))
    except ValueError:
        is_address = False
    if not is_address or not 0 < port <= _HIGHEST_PORT:
        raise PydanticCustomError(
            "listen",
            "is not an address and a port",
            {"remedy": "Write '127.0.0.1:4200', or '0.0.0.0:4200' for every address of this machine."},
        )
    return Listen(host, port)


def _allowed_host(name: str) -> str:
    if not re.fullmatch(rf"(?:{_HOST})(?::{_PORT})?", name):
        raise PydanticCustomError(
            "allowed_host",
            "is not a host name",
            {"remedy": "Write it as a browser shows it, without https:// and path: 'rhythm.example.com'."},
        )
    return name.lower()


def _proxy(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise PydanticCustomError(
            "trusted_proxy",
            "is not an address",
            {"remedy": "Write the proxy's own address, '127.0.0.1', or its network, '10.0.0.0/24'."},
        ) from None
    return text


def _password(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < SHORTEST_PASSWORD:
        raise PydanticCustomError(
            "password",
            "is too short",
            {"remedy": f"Write at least {SHORTEST_PASSWORD} characters, or leave it out: one is made."},
        )
    if not (text.isascii() and text.isprintable()):
        raise PydanticCustomError(
            "password",
            "has characters that Prefect's server cannot compare",
            {"remedy": "Use printable ASCII: letters, digits, signs and blanks."},
        )
    return secret


ListenAddress = Annotated[
    Listen,
    BeforeValidator(_listen),
    WithJsonSchema({"title": "address and port", "type": "string", "pattern": f"^({_HOST}):{_PORT}$"}),
]
AllowedHost = Annotated[str, AfterValidator(_allowed_host)]
ProxyAddress = Annotated[str, AfterValidator(_proxy)]
Password = Annotated[SecretStr, AfterValidator(_password)]
