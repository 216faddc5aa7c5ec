"""The files, folders, patterns and streams that are read, and which reader each text is for."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import BinaryIO

from deployments.adopt.job import Found, Job, Origin
from deployments.adopt.sources import crontab, registration, systemd_timers, task_xml
from deployments.adopt.sources.text_encoding import decode
from tasks.problem import Problem

#: All that is read, together.
MOST = 64 * 2**20  # bytes

# Folders whose files nobody has written to be registered.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
# Documents and programs mention registering, and register nothing. One that is named itself is read.
_TELLING = frozenset(
    [".md", ".rst", ".html", ".htm", ".log", ".ipynb", ".json", ".yaml", ".yml", ".toml", ".py", ".js", ".ts"]
)
_UNITS = (".timer", ".service")

Reader = Callable[[str, Origin], Found]

_READERS: tuple[tuple[Callable[[str], bool], Reader], ...] = (
    (task_xml.looks_like, task_xml.read),
    (registration.looks_like, registration.read),
    (crontab.looks_like, crontab.read),
)


@dataclass(slots=True)
class Harvest:
    """What all sources hold together. `unread` are problems for which a source gave nothing at all."""

    jobs: list[Job] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: list[Problem] = field(default_factory=list)
    files: int = 0

    def add(self, found: Found, *, asked: bool = True) -> None:
        """Add what one source holds; `asked` means that it was named, not only met in a folder."""
        self.jobs += found.jobs
        (self.problems if found.jobs or not asked else self.unread).extend(found.problems)
        self.files += bool(found.jobs or found.problems)

    def join(self, other: Harvest) -> None:
        """Add all of another one."""
        self.jobs += other.jobs
        self.problems += other.problems
        self.unread += other.unread
        self.files += other.files

    def refuse(self, where: str, problem: str, remedy: str) -> None:
        """Add a source that could not be read."""
        self.unread.append(Problem(where, problem, remedy))


@dataclass(frozen=True, slots=True)
class _Text:
    origin: Origin
    path: Path | None
    text: str
    asked: bool


def harvest(names: Sequence[str], stdin: BinaryIO) -> Harvest:
    """Read all sources: files, folders, patterns, or "-" for `stdin`. What is in them goes by its content."""
    result = Harvest()
    texts: list[_Text] = []
    left = MOST
    for name, path, asked in _paths(names, result):
        data = _data(name, path, stdin, left, result)
        if data is None:
            continue
        try:
            text = decode(data)
        except ValueError as error:
            if asked:
                result.refuse(name, str(error), "Name what the scheduler, or its export, has written.")
            continue
        # What is met in a folder counts only if it is something; the rest may be as large as it likes.
        if asked or _is_unit(path, text) or any(looks(text) for looks, _ in _READERS):
            left -= len(data)
            texts.append(_Text(Origin(name, path.parent.absolute() if path else None), path, text, asked))
    units = [each for each in texts if _is_unit(each.path, each.text)]
    for each in texts:
        if each not in units:
            _read(each, result)
    _read_units(units, result)
    return result


def _paths(names: Sequence[str], result: Harvest) -> Iterator[tuple[str, Path | None, bool]]:
    """Yield each file with what to call it, and whether it was named itself."""
    seen: set[Path] = set()
    for name in names:
        if name == "-":
            yield "standard input", None, True
            continue
        path = Path(name).expanduser() if name.startswith("~") else Path(name)
        if path.is_dir():
            found = [(each, False) for each in _below(path)]
        elif path.exists():
            found = [(path, True)]
        else:
            matches = glob.glob(name, recursive=True)  # noqa: PTH207 - Path.glob takes no whole paths
            found = [(Path(each), True) for each in sorted(matches) if Path(each).is_file()]
            if not found:
                result.refuse(
                    name,
                    "there is no such file",
                    "Name a file, a folder, a pattern, or - for standard input.",
                )
        for each, asked in found:
            if (whole := each.resolve()) not in seen:
                seen.add(whole)
                yield str(each), each, asked


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        paths = (Path(parent, name) for name in sorted(files))
        yield from (path for path in paths if path.suffix.lower() not in _TELLING)


def _data(name: str, path: Path | None, stdin: BinaryIO, left: int, result: Harvest) -> bytes | None:
    """Return a source's bytes; None if there are too many, or it cannot be read."""
    try:
        if path is None:
            data = stdin.read(left + 1)
        else:
            with path.open("rb") as file:
                data = file.read(left + 1)
    except OSError as error:
        result.refuse(name, f"cannot be read ({error.strerror})", "Make it a file that you may read.")
        return None
    if len(data) > left:
        result.refuse(name, f"is more than the {MOST // 2**20} MB that are read", "Name less at a time.")
        return None
    return data


def _read(each: _Text, result: Harvest) -> None:
    for looks, read in _READERS:
        if looks(each.text):
            result.add(read(each.text, each.origin), asked=each.asked)
            return
    result.refuse(
        each.origin.name,
        "holds no registration that is known",
        "Name a task's XML, a script that registers tasks, a crontab, or a systemd timer.",
    )


def _is_unit(path: Path | None, text: str) -> bool:
    return path is not None and path.suffix in _UNITS and systemd_timers.looks_like(text)


def _read_units(units: Sequence[_Text], result: Harvest) -> None:
    """Timers and their services, folder by folder; the other half of a pair is looked for beside it."""
    folders: dict[PurePath, dict[str, str]] = {}
    asked: dict[PurePath, bool] = {}
    for each in units:
        if each.path is None or each.origin.folder is None:
            continue
        known = folders.setdefault(each.origin.folder, {})
        known[each.path.name] = each.text
        asked[each.origin.folder] = asked.get(each.origin.folder, False) or each.asked
        if each.asked:
            known |= {name: text for name, text in _beside(each.path) if name not in known}
    for folder, texts in folders.items():
        result.add(systemd_timers.read(texts, Origin(str(folder), folder)), asked=asked[folder])


def _beside(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the units of the same stem, and what is dropped into them."""
    for other in sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")):
        files = [other] if other.is_file() else sorted(other.glob("*.conf")) if other.is_dir() else []
        for file in files:
            try:
                text = decode(file.read_bytes())
            except (OSError, ValueError):
                continue  # it was not named; what it lacks is reported for the one that was
            yield file.relative_to(path.parent).as_posix(), text
