"""Programs that nobody should run: they leave a mark as soon as anything of them is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from prefect.utilities.processutils import command_to_string


class Trap:
    """A folder of such programs, each for another way in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.mark = folder / "mark"
        touch = f"import pathlib\npathlib.Path({str(self.mark)!r}).touch()\n"
        program = folder / "program.py"
        program.write_text(touch, encoding="utf-8")
        self.command = command_to_string([sys.executable, str(program)])
        """A command line that starts one."""
        self.path = folder / "path"
        """A folder with what an interpreter imports first, and with packages called as the project's."""
        for package in ("sitecustomize", "prefect", "flows", "tasks"):
            (self.path / package).mkdir(parents=True)
            (self.path / package / "__init__.py").write_text(touch, encoding="utf-8")
        flow = "import os\nfrom prefect import flow\n@flow\ndef main():\n"
        body = f"    pathlib.Path({str(self.mark)!r}).write_text(os.environ.get('TRAP', 'ran'))\n"
        (folder / "evil.py").write_text(touch + flow + body, encoding="utf-8")
        self.entrypoint = f"{folder / 'evil.py'}:main"
        """That of a flow."""

    @property
    def has_run(self) -> bool:
        """Whether any of it has."""
        return self.mark.exists()


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """A trap of this test's own."""
    return Trap(tmp_path / "trap")
