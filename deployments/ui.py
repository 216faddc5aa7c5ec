"""`rhythm ui`: opens Prefect's UI in the browser, signed in."""

from __future__ import annotations

import argparse
import webbrowser
from html import escape
from pathlib import Path

import httpx

from deployments import address as addresses
from deployments import output, server_lookup
from deployments.address import Address
from deployments.server_identity import SIGN_IN, TICKETS
from deployments.server_lookup import ServerError
from tasks import atomic_file
from tasks import settings as config

_TIMEOUT = 10.0  # seconds
_PAGE = (
    '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
    '<meta http-equiv="refresh" content="0; url={link}"><a href="{link}">Rhythm</a>\n'
)


def run(args: argparse.Namespace) -> int:
    """Open it, or print the link. Return 0, or 1 without a server.

    Raises:
        ConfigError: rhythm.toml cannot be used.
    """
    settings = config.load()
    try:
        address = server_lookup.find(settings)
        if address is None:
            where = (addresses.named() or addresses.wanted(settings)).url
            raise ServerError(f"no Prefect server answers at {where}. Start one with `rhythm up`.")
        link = _link(address)
    except ServerError as error:
        output.error(str(error))
        return 1
    if args.json:
        output.show_json({"url": link})
    elif args.no_browser or not _open(link, settings.outputs_dir / "sign-in.html"):
        output.say(link)
        if SIGN_IN in link:
            output.say("good for one use within a minute")
    else:
        output.say(f"opened {address.ui}")
    return 0


def _link(address: Address) -> str:
    """Return where the browser is to go: a page that signs it in, if it has to be and the server has one.

    Raises:
        ServerError: the server stopped answering.
    """
    if address.password is None:
        return address.ui
    try:
        with server_lookup.client(address, _TIMEOUT) as client:
            answer = client.post(f"{address.ui}{TICKETS}", headers=address.headers)
            ticket = answer.json()["ticket"] if answer.is_success else ""
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise ServerError(f"{address.ui} stopped answering ({error!r}). Try again.") from None
    if not ticket:
        output.warning("this server is Prefect's own, and signs nobody in: type its password into the page")
        return address.ui
    return f"{address.ui}{SIGN_IN}#{ticket}"


def _open(link: str, page: Path) -> bool:
    """Open a link in the browser; return whether there is one.

    By a file that only this account may read: a browser's command line can be read by every account.
    """
    atomic_file.write_text(page, _PAGE.format(link=escape(link)))
    return webbrowser.open(page.as_uri())
