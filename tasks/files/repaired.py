"""How much was open to other accounts, and no longer is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Repaired:
    """Files and folders whose permissions were repaired."""

    files: int = 0
    folders: int = 0

    def __add__(self, more: Repaired) -> Repaired:
        return Repaired(self.files + more.files, self.folders + more.folders)

    def __bool__(self) -> bool:
        return bool(self.files or self.folders)

    def __str__(self) -> str:
        return f"{_count(self.files, 'file')} and {_count(self.folders, 'folder')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
