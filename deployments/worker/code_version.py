"""Which code it is: what a deployment's version states, so that the same is not deployed twice."""

from __future__ import annotations

import hashlib

from prefect import __version__ as prefect_version

from tasks.settings.project import ENTRY, PROJECT, folder


def code_version(deployed: str) -> str:
    """Return a hash of what deployments are made of: what they declare, the project's code, and Prefect.

    Where the code and rhythm.toml are belongs to it: a deployment names a folder. 12 hexadecimal digits.
    """
    found = hashlib.sha256(f"{prefect_version}\n{PROJECT}\n{folder()}\n".encode())
    found.update(deployed.encode())
    files = [path for layer in ("flows", "tasks", "deployments") for path in (PROJECT / layer).rglob("*.py")]
    for path in [PROJECT / f"{ENTRY}.py", *sorted(files)]:
        found.update(f"\n{path.relative_to(PROJECT).as_posix()}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
