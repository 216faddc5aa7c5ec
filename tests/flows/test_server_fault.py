"""An error of Prefect's server is reported as a sentence."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from prefect.exceptions import PrefectHTTPStatusError

from flows.server_fault import describe


def refused(status: int, **body: Any) -> PrefectHTTPStatusError:
    """The error that Prefect's client raises for such an answer."""
    request = httpx.Request("POST", "http://127.0.0.1:4200/api/variables/")
    error = httpx.HTTPStatusError("", request=request, response=httpx.Response(status, **body))
    return PrefectHTTPStatusError.from_httpx_error(error)


WITH = "Prefect answers POST /api/variables/ with "


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refused(503, json={"exception_message": "Service Unavailable"}), f"{WITH}503 Service Unavailable"),
        (refused(409, json={"detail": "Name is taken"}), f"{WITH}409 Conflict (Name is taken)"),
        (refused(502, text="<html>"), f"{WITH}502 Bad Gateway"),
        (refused(500, json=["of no use"]), f"{WITH}500 Internal Server Error"),
        (refused(599), f"{WITH}599"),
        (httpx.ConnectError("refused"), "Prefect does not answer (ConnectError: refused)"),
        (httpx.ReadTimeout(""), "Prefect does not answer (ReadTimeout)"),
        (ExceptionGroup("", [ExceptionGroup("", [KeyError("x")]), ValueError()]), "KeyError: 'x'"),
    ],
)
def test_a_fault_of_the_server_is_one_sentence(error: Exception, sentence: str) -> None:
    assert describe(error) == sentence
