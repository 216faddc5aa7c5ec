"""Which code it is: what a deployment's version says, so that the same is not deployed twice."""

from __future__ import annotations

import hashlib

from prefect import __version__ as prefect_version

from tasks.settings import PROJECT

#: Where prefect.yaml finds it. Without it, Prefect takes a version of its own.
VARIABLE = "RHYTHM_CODE_VERSION"


def code_version() -> str:
    """Return a hash of what deployments are made of: prefect.yaml, the project's code, and Prefect itself.

    Where the code is belongs to it: a deployment names the folder. 12 hexadecimal digits.
    """
    found = hashlib.sha256(f"{prefect_version}\n{PROJECT}".encode())
    files = [path for layer in ("flows", "tasks", "deployments") for path in (PROJECT / layer).rglob("*.py")]
    for path in [PROJECT / "prefect.yaml", *sorted(files)]:
        found.update(f"\n{path.relative_to(PROJECT).as_posix()}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
