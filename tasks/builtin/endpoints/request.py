"""What is asked of an endpoint: a cheap question about its health, or a small piece of real work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.settings.endpoints import EndpointSettings

#: How much an `openai` endpoint may write when it is timed: enough to measure its speed, and over soon.
MOST_TOKENS = 64

_MODELS, _COMPLETIONS = "/models", "/chat/completions"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; `json` is its body."""

    method: str
    url: str
    json: Any = None


def health(endpoint: EndpointSettings) -> Request:
    """Return what to ask to know whether it is up, at the least cost to it."""
    if endpoint.kind == "openai":
        return Request("GET", base(endpoint) + _MODELS)
    return work(endpoint)


def work(endpoint: EndpointSettings) -> Request:
    """Return what to ask to know how fast it does what it is there for."""
    match endpoint.kind:
        case "openai":
            body = {
                "model": endpoint.model,
                "messages": [{"role": "user", "content": endpoint.message}],
                "max_tokens": MOST_TOKENS,
            }
            return Request("POST", base(endpoint) + _COMPLETIONS, body)
        case "json_chat":
            return Request("POST", str(endpoint.url), {"message": endpoint.message})
        case _:
            return Request("GET", str(endpoint.url))


def work_name(endpoint: EndpointSettings) -> str:
    """Return what the probes of its work are called: apart, where they take much longer than its health."""
    return f"{endpoint.name} chat" if endpoint.kind == "openai" else endpoint.name


def base(endpoint: EndpointSettings) -> str:
    """Return an `openai` endpoint's base URL, whichever of its addresses rhythm.toml names."""
    url = str(endpoint.url).rstrip("/")
    return url.removesuffix(_MODELS).removesuffix(_COMPLETIONS)
