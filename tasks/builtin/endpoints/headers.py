"""An endpoint's headers, with what the environment keeps: "Bearer ${CHAT_TOKEN}"."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tasks.process.environment import lookup
from tasks.settings.endpoints import VARIABLE, EndpointSettings


class HeaderError(Exception):
    """A header cannot be sent; the message names it and says why, never what it holds."""


def headers_of(endpoint: EndpointSettings, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the headers as they are sent.

    Raises:
        HeaderError: one needs a variable that is not set or empty, or holds what no header may.
    """
    for name in endpoint.header_variables:
        if not lookup(environ, name):
            raise HeaderError(f"the variable {name}, which its headers need, is not set")
    headers = {
        header: VARIABLE.sub(lambda found: lookup(environ, found[1]), text)
        for header, text in endpoint.headers.items()
    }
    for header, text in headers.items():
        # httpx would report it itself, and show the text.
        if not (text.isascii() and text.isprintable()):
            raise HeaderError(f"its header {header} holds a character that cannot be sent")
    return headers
