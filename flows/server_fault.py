"""What is wrong with Prefect's server, in one sentence, by the error that a request to it has raised."""

from __future__ import annotations

import httpx


def describe(error: BaseException) -> str:
    """Given an error, return what it means: which request the server refused and why, or that none answers.

    Of a group of errors, which a task group raises, that is the first. Any other error is named as it is.
    """
    match error:
        case BaseExceptionGroup():
            return describe(error.exceptions[0])
        case httpx.HTTPStatusError(request=request, response=response):
            status = f"{response.status_code} {response.reason_phrase}".rstrip()
            reason = f" ({said})" if (said := _reason(response)) else ""
            return f"Prefect answers {request.method} {request.url.path} with {status}{reason}"
        case httpx.HTTPError():
            return f"Prefect does not answer ({_named(error)})"
        case _:
            return _named(error)


def _reason(response: httpx.Response) -> str:
    """Return why the server refuses, as Prefect (`exception_message`) and FastAPI (`detail`) put it."""
    try:
        body = response.json()
    except ValueError:  # an HTML page of a proxy, or a body that is no text
        return ""
    found = (body.get("exception_message") or body.get("detail")) if isinstance(body, dict) else None
    return str(found) if found and str(found).lower() != response.reason_phrase.lower() else ""


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
