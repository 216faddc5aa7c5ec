"""`rhythm env`: what it prints is read by real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.cli.env import SHELLS, default_shell
from tasks.problem import ConfigError
from tests.deployments.command_line import VALID, CommandLine
from tests.end_to_end.workspace import free_port

VALUES = [
    "http://127.0.0.1:4200/api",
    "a b",
    'it\'s "so" $HOME `id` \\n',
    "100 %PATH%; & | # ^ !x",
    "비밀",
    "a:b’; Write-Output INJECTED #",
    "-e",
]
SHOW = "import os, sys; sys.stdout.buffer.write(os.environ['VALUE'].encode())"


@pytest.mark.parametrize("shell", ["bash", "sh", "fish", "pwsh"])
@pytest.mark.parametrize("value", VALUES)
def test_a_shell_reads_the_value_as_it_is(
    shell: str, value: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = str(request.getfixturevalue("pwsh")) if shell == "pwsh" else None
    program = shutil.which(shell, path=folder)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    kind = {"sh": "bash", "pwsh": "powershell"}.get(shell, shell)
    script = tmp_path / f"lines.{'ps1' if shell == 'pwsh' else 'sh'}"
    call = "& " if shell == "pwsh" else ""
    script.write_text(
        f"{SHELLS[kind]('VALUE', value)}\n{call}'{sys.executable}' -c \"{SHOW}\"\n", encoding="utf-8"
    )

    done = subprocess.run([program, script], capture_output=True, check=True)  # noqa: S603 - our own words

    assert done.stdout.decode() == value


@pytest.mark.skipif(sys.platform != "win32", reason="cmd is Windows' own")
@pytest.mark.parametrize("value", ["http://127.0.0.1:4200/api", "a b", "it's $HOME `id` & | # ^ (x)", "-e"])
def test_cmd_reads_the_value_as_it_is(value: str, tmp_path: Path) -> None:
    script = tmp_path / "lines.cmd"
    script.write_text(f'@{SHELLS["cmd"]("VALUE", value)}\r\n@"{sys.executable}" -c "{SHOW}"\r\n')

    done = subprocess.run([script], capture_output=True, check=True, shell=False)  # noqa: S603 - our own words

    assert done.stdout.decode() == value


@pytest.mark.parametrize("value", ["100 %", 'a "b"'])
def test_what_cmd_cannot_take_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="cmd cannot take the value of NAME"):
        SHELLS["cmd"]("NAME", value)


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"SHELL": "/usr/bin/bash"}, "linux", "bash"),
        ({"SHELL": "/bin/zsh"}, "darwin", "bash"),
        ({"SHELL": "/usr/bin/fish"}, "linux", "fish"),
        ({"SHELL": "/usr/bin/pwsh"}, "linux", "powershell"),
        ({}, "linux", "bash"),
        ({"SHELL": "/bin/bash", "PSModulePath": "/opt/modules"}, "linux", "powershell"),
        ({"PSModulePath": "C:/modules", "SHELL": "/usr/bin/bash"}, "win32", "bash"),
        ({}, "win32", "powershell"),
        ({"SHELL": "/usr/bin/bash"}, "win32", "bash"),
    ],
)
def test_the_shell_in_use_is_meant(environ: dict[str, str], platform: str, expected: str) -> None:
    assert default_shell(environ, platform) == expected


def test_the_password_is_printed_only_if_asked_for(rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    port = str(free_port())

    plain = rhythm("env", "--shell", "bash", PREFECT_SERVER_API_PORT=port)
    secret = rhythm("env", "--shell", "bash", "--secrets", PREFECT_SERVER_API_PORT=port)

    assert plain.code == secret.code == 0
    assert plain.out == f"export PREFECT_API_URL=http://127.0.0.1:{port}/api\n"
    assert "--secrets" in plain.err
    made = (rhythm.folder / "prefect" / "rhythm-server-password").read_text().strip()
    assert secret.out.splitlines()[1:] == [
        f"export PREFECT_API_AUTH_STRING={made}",
        f"export PREFECT_SERVER_API_AUTH_STRING={made}",
    ]
    assert "--secrets" not in secret.err


def test_json_is_one_object(rhythm: CommandLine) -> None:
    rhythm.write(f'listen = "127.0.0.1:{free_port()}"\nauth = "off"\n{VALID}')

    said = rhythm("env", "--json", "--secrets")

    assert list(said.json) == ["PREFECT_API_URL"]


def test_with_a_proxy_the_exception_is_among_the_lines(rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    kept = {name: "" for name in os.environ if name.lower().endswith("_proxy")}

    said = rhythm("env", "--json", **kept, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="a.example")

    assert said.json["NO_PROXY"] == "a.example,127.0.0.1,localhost,::1"
