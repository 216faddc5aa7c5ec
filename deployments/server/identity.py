"""How a server proves that it knows the password before anybody sends it one.

While Prefect's server is down, any account of the machine may listen on its port: what asked there by
password would give it away. So a server of ours is first asked for a proof, which is worth nothing
elsewhere: an HMAC over a random number of the client's and the address that the two are connected by,
so that nobody can have another server make it.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path

#: Where our servers answer, beside Prefect's API: who they are, …
PATH = "/rhythm/identity"
#: … and how a browser is signed in (see `deployments.server.sign_in`).
TICKETS, SIGN_IN = "/rhythm/tickets", "/rhythm/sign-in"
#: The dashboard: where people go, and where that leads them, with a ticket.
DASHBOARD, DRAWN = "/rhythm", "/rhythm/dashboard"


def proof(password: str, nonce: str, address: tuple[str, int]) -> str:
    """Return the proof for `nonce`, as hex digits; `address` is the server's end of the connection."""
    host, port = address
    message = f"rhythm server\n{nonce}\n{host}\n{port}"
    return hmac.new(_key(password), message.encode(), hashlib.sha256).hexdigest()


@cache
def _key(password: str) -> bytes:
    """Return a key that is slow to make: whoever has a proof may try passwords against it at leisure.

    The cost is what scrypt's author names for passwords that people wait for (16 MiB, some 40 ms; Percival,
    Stronger key derivation via sequential memory-hard functions, 2009).
    """
    return hashlib.scrypt(password.encode(), salt=b"rhythm server identity", n=2**14, r=8, p=1)


def home_digest(home: Path) -> str:
    """Return what stands for the folder that a server keeps its data in, as hex digits."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()
