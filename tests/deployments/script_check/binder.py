"""PowerShell's own parameter binder, which says of many scripts at once whether they take their arguments."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from deployments.script_check import powershell_parser
from deployments.script_check.fault import Fault
from deployments.script_check.powershell_parser import Parsed

_BIND = Path(__file__).with_name("bind.ps1")


class Binder:
    """A PowerShell with a HOME and a folder of scripts of its own."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.folder = folder
        self.program = program / "pwsh"
        self.env = {
            **{name: value for name, value in os.environ.items() if name.upper() != "PSMODULEPATH"},
            "HOME": str(folder),
            "NO_COLOR": "1",
        }
        self._numbers = count()

    def script(self, text: str) -> Path:
        """Write a script and return where it is."""
        path = self.folder / f"script{next(self._numbers)}.ps1"
        path.write_text(text, encoding="utf-8")
        return path

    def errors(self, cases: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
        """Given scripts with their arguments, return the ids of the errors; empty where it took them."""
        listed = [{"path": str(self.script(text)), "words": list(words)} for text, words in cases]
        question, answer = self.folder / "cases.json", self.folder / "errors.txt"
        question.write_text(json.dumps(listed), encoding="ascii")
        done = self.run(_BIND, str(question), str(answer))
        assert (done.returncode, done.stderr) == (0, "")
        return answer.read_text(encoding="utf-8").splitlines()

    def parsed(self, texts: Iterable[str]) -> list[Parsed]:
        """Given scripts, return how PowerShell's own parser reads them."""
        return self.parsed_files([self.script(text) for text in texts])

    def parsed_files(self, paths: Sequence[Path]) -> list[Parsed]:
        """Given scripts' paths, return how PowerShell's own parser reads them."""
        answer = powershell_parser.parse(str(self.program), paths, self.env)
        return [answer.scripts[path] for path in paths]

    def faults(self, texts: Iterable[str]) -> list[tuple[Fault, ...]]:
        """Given scripts, return what PowerShell's own parser finds wrong with them."""
        return [parsed.faults for parsed in self.parsed(texts)]

    def run(self, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a script by `pwsh -File`."""
        return subprocess.run(  # noqa: S603 - the PowerShell of the tests
            [self.program, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", script, *words],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
