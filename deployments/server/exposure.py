"""Who else could command this rhythm, as it is set up: reported at each start, and by `rhythm doctor`."""

from __future__ import annotations

from tasks.problem import Problem
from tasks.settings.rhythm_toml import Settings
from tasks.settings.server import Listen


def warnings(listen: Listen, settings: Settings, *, is_open: bool) -> list[Problem]:
    """Return what a person should know of a server that listens there; `is_open` if it asks for no password.

    Whoever may ask it can start what this account can start.
    """
    found = []
    if is_open:
        found.append(
            Problem(
                "auth",
                f"the server at {listen} asks for no password: every account of this machine can command it",
                'Take auth = "off" out of rhythm.toml.',
            )
        )
    if not listen.is_loopback:
        found.append(
            Problem(
                "listen",
                f"whoever can reach {listen} and has the password can start whatever this account can, "
                "and what is sent there is not encrypted",
                "Let a proxy with TLS ask a server on 127.0.0.1, or trust the network.",
            )
        )
        if not settings.allowed_hosts:
            found.append(
                Problem(
                    "allowed_hosts",
                    f"it is empty, so the server at {listen} refuses all names but this machine's own",
                    "Name the host, and its port, that others ask for: allowed_hosts = "
                    f'["rhythm.example.com:{listen.port}"].',
                )
            )
    return found
