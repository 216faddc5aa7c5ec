"""Whether the code that this process runs is still the code that is there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tasks.settings.project import ENTRY, PROJECT

_PACKAGES = ("flows", "tasks", "deployments", ENTRY)

#: When a file was last written, in nanoseconds, and its size.
Stamp = tuple[int, int]


class LoadedCode:
    """The project's own modules, as their files were when this process imported them."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._seen: dict[Path, Stamp | None] = {}
        self.changed()

    def changed(self) -> list[Path]:
        """Return the files that have changed since; those imported lately are only noted."""
        lately = set(sys.modules) - self._known  # a copy: other threads import meanwhile
        self._known |= lately
        for path in _files(lately):
            self._seen.setdefault(path, _stamp(path))
        return [path for path, seen in self._seen.items() if _stamp(path) != seen]


def _files(modules: Iterable[str]) -> list[Path]:
    found = []
    for name in modules:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and name.split(".", 1)[0] in _PACKAGES:
            found.append(Path(file))
    return [path for path in found if path.is_relative_to(PROJECT)]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None  # it is gone, or cannot be read while it is written
    return found.st_mtime_ns, found.st_size
