"""One service as rhythm.toml writes it: `[[endpoints]]`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from pydantic import AnyUrl, Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.duration import Duration
from tasks.table import Table
from tasks.words import Words

#: A variable of the environment in a header.
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_SCHEMES = {"tcp": ("tcp",)}
_HTTP = ("http", "https")


class Expect(Table):
    """What an answer has to be like. `json_key` is a key of its JSON, dots leading deeper: "data.0.id"."""

    status: int | None = Field(default=None, ge=100, le=599)
    json_key: str | None = Field(default=None, min_length=1)


class EndpointSettings(Table):
    """A service that is asked for its health and timed, and how it is started again.

    `headers` may name variables of the environment: "Bearer ${CHAT_TOKEN}". Their values reach no log.
    Without `restart` a restart is only told, never done. `message` and `model` are what `openai` and
    `json_chat` endpoints are asked with.
    """

    name: str = Field(min_length=1, max_length=100)
    url: AnyUrl
    kind: Literal["http", "openai", "json_chat", "tcp"] = "http"
    role: Literal["primary", "fallback"] | None = None
    timeout: Duration = timedelta(seconds=5)
    expect: Expect = Expect()
    headers: dict[str, str] = Field(default={})
    model: str = "default"
    message: str = "ping"
    start: Words | None = Field(default=None, min_length=1)
    stop: Words | None = Field(default=None, min_length=1)
    restart: bool = False
    restart_after: int = Field(default=3, ge=1, le=1000)
    restarts_per_hour: int = Field(default=3, ge=1, le=60)
    startup: Duration = timedelta(minutes=1)

    @property
    def header_variables(self) -> list[str]:
        """The names of the variables that the headers need, each once."""
        return sorted({name for text in self.headers.values() for name in VARIABLE.findall(text)})

    @model_validator(mode="after")
    def _fitting_url(self) -> EndpointSettings:
        schemes = _SCHEMES.get(self.kind, _HTTP)
        if self.url.scheme not in schemes or not self.url.host or (self.kind == "tcp" and not self.url.port):
            example = "tcp://127.0.0.1:8091" if self.kind == "tcp" else "http://127.0.0.1:8080/health"
            raise PydanticCustomError(
                "url",
                "'{url}' is no address of kind {kind}",
                {
                    "url": str(self.url),
                    "kind": self.kind,
                    "key": "url",
                    "remedy": f"Write one like '{example}'.",
                },
            )
        return self

    @model_validator(mode="after")
    def _startable(self) -> EndpointSettings:
        if self.restart and self.start is None:
            raise PydanticCustomError(
                "restart",
                "does not say how to start '{name}'",
                {"name": self.name, "key": "restart", "remedy": 'Add start = ["program", "argument"].'},
            )
        return self
