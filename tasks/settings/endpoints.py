"""One service as rhythm.toml writes it: `[[endpoints]]`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from pydantic import AnyUrl, Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.settings.argv import Words
from tasks.settings.duration import Duration
from tasks.settings.table import Table

#: A variable of the environment in a header.
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_SCHEMES = {"tcp": ("tcp",)}
_HTTP = ("http", "https")


class Expect(Table):
    """What an answer must be like."""

    status: int | None = Field(
        default=None,
        ge=100,
        le=599,
        description="The HTTP status. Without it, any 2xx or 3xx will do.",
        examples=[200],
    )
    json_key: str | None = Field(
        default=None,
        min_length=1,
        description="A key that the JSON of the answer must have. Dots lead deeper, numbers into lists.",
        examples=["data.0.id"],
    )


class EndpointSettings(Table):
    """A service that is probed, timed and routed to, and how it is started again."""

    name: str = Field(
        min_length=1, max_length=100, description="What reports call it. Unique.", examples=["local llm"]
    )
    url: AnyUrl = Field(
        description="Where it is. For `tcp`: `tcp://host:port`.", examples=["http://127.0.0.1:8080/v1"]
    )
    kind: Literal["http", "openai", "json_chat", "tcp"] = Field(
        default="http",
        description="How it is asked. `http`: GET. `openai`: GET `/models` for its health, POST "
        '`/chat/completions` to time it. `json_chat`: POST `{"message": …}`. `tcp`: a connection.',
    )
    role: Literal["primary", "fallback"] | None = Field(
        default=None,
        description="`primary` and `fallback` stand in for each other: while one is up, the other being down "
        "is only a warning.",
        examples=["primary"],
    )
    timeout: Duration = Field(default=timedelta(seconds=5), description="For the whole answer.")
    expect: Expect = Field(
        default=Expect(),
        description="What the answer must be like.",
        examples=[{"status": 200, "json_key": "reply"}],
    )
    headers: dict[str, str] = Field(
        default={},
        description="HTTP headers. `${NAME}` is a variable of the environment; its value reaches no log.",
        examples=[{"Authorization": "Bearer ${CHAT_GATEWAY_TOKEN}"}],
    )
    model: str = Field(default="default", description="The model that an `openai` endpoint is asked for.")
    message: str = Field(default="ping", description="What `openai` and `json_chat` endpoints are asked.")
    start: Words | None = Field(
        default=None,
        min_length=1,
        description="How the service is started. An argument list; no shell sees it.",
        examples=[["C:/llm/server.exe", "--port", "8080"]],
    )
    stop: Words | None = Field(
        default=None,
        min_length=1,
        description="How the service is stopped. Without it, the process that Rhythm started is ended, or "
        "the one whose whole command line is `start`.",
        examples=["systemctl --user stop llm"],
    )
    restart: bool = Field(
        default=False,
        description="`true`: `auto_restart_local_llm` restarts it. `false`: it only reports. Needs `start`.",
    )
    restart_after: int = Field(
        default=3, ge=1, le=1000, description="Failed probes in a row before a restart."
    )
    restarts_per_hour: int = Field(default=3, ge=1, le=60, description="Restarts an hour, at most.")
    startup: Duration = Field(
        default=timedelta(minutes=1), description="How long the service has to answer after it was started."
    )

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
                "'{url}' is not an address of kind {kind}",
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
