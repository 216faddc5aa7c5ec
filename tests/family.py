"""The processes that a test's example scripts start: found by the folder that all of them are given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

SCRIPTS = Path(__file__).parent / "scripts"


class Family:
    """The example scripts that work with `folder`, and the files with which they say how far they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def argv(self, script: str, *words: str) -> list[str]:
        """The argument list that runs an example script in this family."""
        return [sys.executable, str(SCRIPTS / script), str(self.folder), *words]

    def start(self, script: str, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start an example script in this family; `options` are Popen's."""
        process = subprocess.Popen(self.argv(script, *words), **options)  # noqa: S603 - our own script
        self._started.append(process)
        return process

    def said(self, word: str) -> bool:
        """Whether one of them has said `word`."""
        return (self.folder / word).exists()

    def tell(self, word: str) -> None:
        """Say `word` to those that wait for it."""
        (self.folder / word).touch()

    def alive(self, script: str = "") -> list[psutil.Process]:
        """The living processes of the family, or of one script in it."""
        return [process for process in psutil.process_iter() if self._is_one(process, script)]

    def end(self) -> None:
        """End what is left of it."""
        while found := self.alive():
            for one in found:
                try:
                    one.kill()
                except psutil.NoSuchProcess:
                    continue
            psutil.wait_procs(found, timeout=0.1)
        for process in self._started:
            process.wait()

    def _is_one(self, process: psutil.Process, script: str) -> bool:
        try:
            words = process.cmdline()
            ended = process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
        return not ended and str(self.folder) in words and words[1].endswith(script)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """A family of example scripts; none of it outlives the test."""
    folder = tmp_path / "family"
    folder.mkdir()
    found = Family(folder)
    yield found
    found.end()
