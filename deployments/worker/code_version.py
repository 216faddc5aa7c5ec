"""Which code it is: what a deployment's version states, so that the same is not deployed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from prefect import __version__ as prefect_version

from tasks.settings.project import ENTRY, PROJECT, folder


def code_versions(declared: Iterable[str]) -> list[str]:
    """Return hashes of what deployments are made of: what each declares, the project's code, and Prefect.

    Where the code and rhythm.toml are belongs to it: a deployment names a folder. 12 hexadecimal digits each.
    """
    code = hashlib.sha256(f"{prefect_version}\n{PROJECT}\n{folder()}\n".encode())
    files = [path for layer in ("flows", "tasks", "deployments") for path in (PROJECT / layer).rglob("*.py")]
    for path in [PROJECT / f"{ENTRY}.py", *sorted(files)]:
        code.update(f"\n{path.relative_to(PROJECT).as_posix()}\n".encode())
        code.update(path.read_bytes())
    found = []
    for text in declared:
        whole = code.copy()
        whole.update(text.encode())
        found.append(whole.hexdigest()[:12])
    return found
