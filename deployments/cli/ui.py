"""`rhythm ui`: opens Prefect's UI in the browser, signed in."""

from __future__ import annotations

import webbrowser
from html import escape
from pathlib import Path

import httpx

from deployments.cli import console
from deployments.server import lookup
from deployments.server.address import Address
from deployments.server.identity import SIGN_IN, TICKETS
from deployments.server.lookup import ServerError
from flows.server_fault import describe
from tasks.files import atomic_file
from tasks.settings import rhythm_toml as config

_TIMEOUT = 10.0  # seconds
_PAGE = (
    '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
    '<meta http-equiv="refresh" content="0; url={link}"><a href="{link}">Rhythm</a>\n'
)


def run(*, no_browser: bool, json: bool) -> int:
    """Open it, or print the link. Return 0.

    Raises:
        ConfigError: rhythm.toml cannot be used.
        ServerError: there is no server.
    """
    settings = config.load()
    address = lookup.find(settings)
    if address is None:
        where = lookup.expected(settings)
        raise ServerError(f"no Prefect server answers at {where}. Start one with `rhythm up`.")
    link = _link(address)
    if json:
        console.show_json({"url": link})
    elif no_browser or not _open(link, settings.outputs_dir / "sign-in.html"):
        console.say(link)
        if SIGN_IN in link:
            console.say("good for one use within a minute")
    else:
        console.say(f"opened {address.ui}")
    return 0


def _link(address: Address) -> str:
    """Return where the browser is to go: a page that signs it in, if it has to be and the server has one.

    Raises:
        ServerError: the server stopped answering.
    """
    if address.password is None:
        return address.ui
    try:
        with lookup.client(address, _TIMEOUT) as client:
            answer = client.post(f"{address.ui}{TICKETS}", headers=address.headers)
            ticket = answer.json()["ticket"] if answer.is_success else ""
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise ServerError(f"{address.ui} cannot be signed in to: {describe(error)}. Try again.") from None
    if not ticket:
        console.warning("this server is Prefect's own, and signs nobody in: type its password into the page")
        return address.ui
    return f"{address.ui}{SIGN_IN}#{ticket}"


def _open(link: str, page: Path) -> bool:
    """Open a link in the browser; return whether there is one.

    By a file that only this account may read: a browser's command line can be read by every account.
    """
    atomic_file.write_text(page, _PAGE.format(link=escape(link)))
    return webbrowser.open(page.as_uri())
