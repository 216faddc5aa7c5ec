"""An endpoint's headers, with what the environment keeps: "Bearer ${CHAT_TOKEN}"."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from tasks.endpoint_settings import EndpointSettings

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class HeaderError(Exception):
    """A header cannot be sent; the message says which and why, never what it holds."""


def variables(endpoint: EndpointSettings) -> list[str]:
    """Return the names of the variables that the headers need, each once."""
    return sorted({name for text in endpoint.headers.values() for name in _VARIABLE.findall(text)})


def headers_of(endpoint: EndpointSettings, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the headers as they are sent.

    Raises:
        HeaderError: one needs a variable that is not set or empty, or holds what no header may.
    """
    for name in variables(endpoint):
        if not environ.get(name):
            raise HeaderError(f"the variable {name}, which its headers need, is not set")
    headers = {
        header: _VARIABLE.sub(lambda found: environ[found[1]], text)
        for header, text in endpoint.headers.items()
    }
    for header, text in headers.items():
        # httpx would say so itself, and show the text.
        if not (text.isascii() and text.isprintable()):
            raise HeaderError(f"its header {header} holds a character that cannot be sent")
    return headers
