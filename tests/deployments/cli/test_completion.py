"""`rhythm completion`: what it prints completes in real shells."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deployments.command_line import PROJECT, VALID, CommandLine

#: Given the words before the cursor, returns what the shell offers.
Complete = Callable[[str], list[str]]

BASH = """
{lines}
COMP_WORDS=({line}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
[[ {quoted} == *" " ]] && COMP_WORDS+=("") COMP_CWORD=$((COMP_CWORD + 1))
_rhythm_completion rhythm
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = """
{lines}
complete --do-complete {quoted}
"""
ZSH = """
compdef() {{ }}
{lines}
_describe() {{ printf '%s\\n' "${{(@)completions_with_descriptions%%:*}}" }}
compadd() {{ printf '%s\\n' "${{completions[@]}}" }}
words=({line})
[[ {quoted} == *" " ]] && words+=("")
CURRENT=${{#words}}
_rhythm_completion
"""
POWERSHELL = """
{lines}
$line = {quoted}
[System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).
    CompletionMatches | ForEach-Object {{ $_.CompletionText }}
"""
SHELLS = {
    "bash": ("bash", BASH, "sh"),
    "fish": ("fish", FISH, "fish"),
    "zsh": ("zsh", ZSH, "zsh"),
    "powershell": ("pwsh", POWERSHELL, "ps1"),
}


@pytest.fixture(params=SHELLS)
def complete(request: pytest.FixtureRequest, rhythm: CommandLine, tmp_path: Path) -> Complete:
    """A shell that has read what `rhythm completion` printed for it, with `rhythm` on its PATH."""
    name, script, ending = SHELLS[request.param]
    folder = str(request.getfixturevalue("pwsh")) if name == "pwsh" else None
    program = shutil.which(name, path=folder)
    if program is None:
        pytest.skip(f"there is no {name} here")
    rhythm.write(VALID)
    said = rhythm("completion", request.param)
    assert (said.code, said.err) == (0, "")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "rhythm"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m deployments.cli.main "$@"\n')
    command.chmod(0o755)
    env = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "RHYTHM_CONFIG": str(rhythm.config),
    }

    def run(line: str) -> list[str]:
        path = tmp_path / f"complete.{ending}"
        path.write_text(script.format(lines=said.out, line=line, quoted=shlex.quote(line)), encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - a shell, and our own script
            [program, str(path)], env=env, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
        )
        assert done.stderr == ""
        return [offered.split("\t")[0] for offered in done.stdout.splitlines()]

    return run


@pytest.mark.skipif(sys.platform == "win32", reason="the shells that are started are POSIX'")
def test_a_shell_completes_what_is_typed(complete: Complete) -> None:
    assert complete("rhythm che") == ["check"]
    assert complete("rhythm beat --dr") == ["--dry-run"]
    assert complete("rhythm beat --force h") == ["health_check"]
    assert sorted(complete("rhythm logs ")) == ["check_health", "health_check"]
    assert complete("rhythm step cir") == ["circuit_breaker_router"]
    assert complete("rhythm env --shell po") == ["powershell"]


@pytest.mark.parametrize("text", [None, "groups = 3", b"\xff", "[groups"])
def test_a_rhythm_toml_that_cannot_be_used_completes_nothing_and_disturbs_nobody(
    text: str | bytes | None, rhythm: CommandLine
) -> None:
    if text is not None:
        rhythm.write(text)

    said = rhythm(
        _RHYTHM_COMPLETE="bash_complete",
        COMP_WORDS="rhythm logs ",
        COMP_CWORD="2",
        RHYTHM_CONFIG=str(rhythm.config),
    )

    assert (said.code, said.out.strip(), said.err) == (0, "", "")
