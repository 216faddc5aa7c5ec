"""The `rhythm` command: its exit codes, its streams, and how little it loads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.deployments.command_line import PROJECT, SOUND, CommandLine

BROKEN = "colour = 'red'" + SOUND


def test_help_loads_neither_prefect_nor_rich(rhythm: CommandLine) -> None:
    said = rhythm.python(
        "-c",
        "import sys\n"
        "from deployments.cli import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "finally:\n"
        "    heavy = {'prefect', 'rich', 'sqlalchemy', 'httpx', 'pydantic', 'psutil'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n",
    )

    assert said.code == 0
    assert said.out.startswith("usage: rhythm")
    assert said.err == "[]\n"


def test_help_names_every_command(rhythm: CommandLine) -> None:
    said = rhythm("--help").out

    assert all(f"\n    {name} " in said for name in COMMANDS)


COMMANDS = ["up", "beat", "plan", "status", "check", "doctor", "step", "logs"]


@pytest.mark.parametrize("command", ["plan", "check"])
def test_commands_that_need_no_server_load_no_prefect(command: str, rhythm: CommandLine) -> None:
    rhythm.write(SOUND)

    said = rhythm.python(
        "-c",
        "import sys\n"
        "from deployments.cli import main\n"
        f"code = main([{command!r}, '--json'])\n"
        "print('prefect' in sys.modules, file=sys.stderr)\n"
        "sys.exit(code)\n",
    )

    assert (said.code, said.err) == (0, "False\n")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("dance",),
        ("--json",),
        ("check", "--no-such-option"),
        ("check", "too", "many"),
        ("plan", "--from", "tomorrow"),
        ("plan", "--from", "0001-01-01"),
        ("plan", "--from", "9999-12-31T23:00"),
        ("plan", "--hours", "0"),
        ("plan", "--hours", "-1"),
        ("plan", "--hours", "nan"),
        ("plan", "--hours", "9000"),
        ("plan", "--hours", "many"),
        ("plan", "--failing"),
        ("step",),
        ("logs", "-n", "x"),
    ],
)
def test_a_call_that_cannot_be_used_ends_with_2_and_says_how_to_call(
    words: tuple[str, ...], rhythm: CommandLine
) -> None:
    rhythm.write(SOUND)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("usage: rhythm")
    assert "error: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("plan", "--json"),
        ("check",),
        ("beat",),
        ("up",),
    ],
)
def test_a_configuration_that_cannot_be_used_ends_a_command_with_2_and_no_traceback(
    words: tuple[str, ...], rhythm: CommandLine
) -> None:
    rhythm.write(BROKEN)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: {rhythm.config}: colour: is no key of this table. Take it out, or mend its spelling.\n"
    )
    assert {path.name for path in rhythm.folder.iterdir()} <= {"rhythm.toml", "prefect"}


def test_nothing_starts_when_nothing_can_be_written(rhythm: CommandLine) -> None:
    rhythm.write("outputs_dir = 'rhythm.toml/outputs'" + SOUND)

    said = rhythm("beat")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {rhythm.config}: outputs_dir: ")


@pytest.mark.parametrize(
    "words",
    [("plan", "--failing", "nobody"), ("beat", "--force", "nobody"), ("logs", "nobody"), ("step", "nobody")],
)
def test_an_unknown_name_ends_with_2_and_lists_those_there_are(
    words: tuple[str, ...], rhythm: CommandLine
) -> None:
    rhythm.write(SOUND)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert "'nobody' is no " in said.err
    assert "health_check" in said.err or "check_health" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_console_that_lacks_characters_ends_nothing(rhythm: CommandLine) -> None:
    rhythm.write(SOUND.replace("check_health --fast", "건강"))

    said = rhythm("check", PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert said.code == 2
    assert "names no built-in step: '??'" in said.err


def test_the_config_may_be_named_by_a_variable(rhythm: CommandLine) -> None:
    (rhythm.folder / "other.toml").write_text(SOUND, encoding="utf-8")
    rhythm.write(BROKEN)

    said = rhythm("check", RHYTHM_CONFIG="other.toml")

    assert said.code == 0
    assert said.out == f"{rhythm.folder / 'other.toml'} is sound: 1 groups, 1 steps\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells of a closed pipe in another way")
def test_a_reader_that_has_had_enough_is_no_fault(rhythm: CommandLine) -> None:
    rhythm.write(SOUND)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RHYTHM_")}
    with subprocess.Popen(
        [sys.executable, "-m", "deployments.cli", "plan", "--json", "--hours", "2000"],
        cwd=PROJECT,
        env={**environment, "RHYTHM_CONFIG": str(rhythm.config)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (1, b"")
