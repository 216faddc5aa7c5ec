"""The `rhythm` command: its exit codes, its streams, and how little it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from platform import python_version

import pytest

from deployments.cli import commands
from tasks.builtin import NAMES
from tests.deployments.command_line import PROJECT, VALID, CommandLine
from tests.end_to_end.workspace import free_port

BROKEN = "colour = 'red'" + VALID


COMMANDS = list(commands.COMMANDS.commands)
HEAVY = {"prefect", "rich", "sqlalchemy", "httpx", "pydantic", "psutil", "asyncio"}


def test_help_the_version_and_a_mistyped_call_load_nothing_heavy(rhythm: CommandLine) -> None:
    calls = [["--help"], ["--version"], ["beatt"], *([name, "--help"] for name in COMMANDS)]

    said = rhythm.python(
        "-c",
        "import sys\n"
        "from deployments.cli.main import main\n"
        f"codes = [main(call) for call in {calls!r}]\n"
        f"print(codes, sorted({HEAVY!r} & set(sys.modules)))\n",
    )

    assert said.out.splitlines()[-1] == f"{[2 if call == ['beatt'] else 0 for call in calls]} []"


def test_help_names_every_command(rhythm: CommandLine) -> None:
    said = rhythm("--help")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: rhythm")
    assert all(f"\n  {name} " in said.out for name in COMMANDS)


def test_the_version_is_the_installed_ones(rhythm: CommandLine) -> None:
    versions = {"rhythm": version("rhythm"), "prefect": version("prefect"), "python": python_version()}

    text, json = rhythm("--version"), rhythm("--version", "--json")

    assert text.out == "rhythm {rhythm} (Prefect {prefect}, Python {python})\n".format_map(versions)
    assert (text.code, json.code, json.json) == (0, 0, versions)


@pytest.mark.parametrize("command", ["plan", "check"])
def test_commands_that_need_no_server_load_no_prefect(command: str, rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    said = rhythm.python(
        "-c",
        "import sys\n"
        "from deployments.cli.main import main\n"
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
        ("service", "instal"),
        ("logs", "-n", "x"),
    ],
)
def test_a_call_that_cannot_be_used_ends_with_2_and_says_how_to_call(
    words: tuple[str, ...], rhythm: CommandLine
) -> None:
    rhythm.write(VALID)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: rhythm")
    assert "\nerror: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("chek",), "No such command 'chek'. Did you mean 'check'? See `rhythm --help`."),
        (("beat", "--dry-rum"), "No such option '--dry-rum'. Did you mean '--dry-run'?"),
        (("beat", "--force", "health-check"), "no such group: 'health-check'. Did you mean 'health_check'?"),
        (("plan", "--failing", "helth_check"), "no such group: 'helth_check'. Did you mean 'health_check'?"),
        (("logs", "health_chek"), "no such group or step: 'health_chek'. Did you mean 'health_check'?"),
        (("service", "instal"), "'instal' is not one of 'install', 'uninstall',"),
        (("service", "instal"), "Did you mean 'install'? See `rhythm service --help`."),
        (("step", "check_health", "--fest"), "unrecognized arguments: --fest; did you mean '--fast'?"),
        (("step", "chek_health"), "no such built-in step: 'chek_health'. Did you mean 'check_health'?"),
    ],
)
def test_of_a_mistyped_word_it_says_what_may_have_been_meant(
    words: tuple[str, ...], meant: str, rhythm: CommandLine
) -> None:
    rhythm.write(VALID)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert meant in said.err


# Of every command that can print an object, a call that needs no server, and a key of what it prints.
CALLS = {
    "init": ((), "written"),
    "down": ((), "ended"),
    "beat": (("--force", "nobody"), "problems"),
    "run": (("nobody",), "problems"),
    "retry": (("nobody",), "problems"),
    "skip": (("nobody",), "problems"),
    "pause": (("nobody",), "problems"),
    "resume": (("nobody",), "problems"),
    "plan": (("--hours", "2"), "runs"),
    "replay": ((), "error"),
    "advise": ((), "error"),
    "status": ((), "server"),
    "explain": (("health_check",), "facts"),
    "history": ((), "runs"),
    "ui": ((), "error"),
    "env": ((), "PREFECT_API_URL"),
    "check": ((), "warnings"),
    "config": (("schema",), "properties"),
    "doctor": ((), "problems"),
    "step": (("circuit_breaker_router", "--status-only"), "outcome"),
    "adopt": (("nowhere.xml",), "problems"),
    "service": (("status",), "installed"),
    "logs": (("nobody",), "problems"),
    "completion": (("bash",), "lines"),
}


def test_every_command_that_can_print_an_object_is_called_here() -> None:
    can = [
        name
        for name, command in commands.COMMANDS.commands.items()
        if any(param.name == "json" for param in command.params)
    ]

    assert list(CALLS) == can


@pytest.mark.parametrize("command", CALLS)
def test_wherever_json_stands_exactly_one_object_is_on_stdout(command: str, rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    words, key = CALLS[command]
    nothing = {"PREFECT_SERVER_API_PORT": str(free_port())}
    calls = [["--json", command, *words], [command, *words, "--json"]]

    # Where it stands is the same code for all: half of them are called the one way, half the other.
    called = rhythm(*calls[list(CALLS).index(command) % 2], **nothing)

    assert key in called.json


def test_an_object_is_the_same_wherever_json_stands(rhythm: CommandLine) -> None:
    rhythm.write(VALID)

    first, last = rhythm("--json", "plan", "--hours", "2"), rhythm("plan", "--hours", "2", "--json")

    assert (first.code, list(first.json)) == (last.code, list(last.json))


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        ((), 2, "Missing command. See `rhythm --help`."),
        (("chek",), 2, "No such command 'chek'. Did you mean 'check'? See `rhythm --help`."),
        (("beat", "--force"), 2, "Option '--force' requires an argument. See `rhythm beat --help`."),
        (("up",), 2, "No such option '--json'. See `rhythm up --help`."),
        (
            ("ui",),
            1,
            "no Prefect server answers at http://127.0.0.1:9/api (Prefect's own port). Start one with "
            "`rhythm up`.",
        ),
        (
            ("logs", "nobody"),
            2,
            "logs: no such group or step: 'nobody'. The groups and steps are health_check, check_health.",
        ),
    ],
)
def test_an_error_is_an_object_as_well_and_stays_on_stderr(
    words: tuple[str, ...], code: int, error: str, rhythm: CommandLine
) -> None:
    rhythm.write(VALID)

    said = rhythm("--json", *words, PREFECT_SERVER_API_PORT="9")

    assert (said.code, said.json["error"]) == (code, error)
    assert f"error: {error}\n" in said.err


@pytest.mark.parametrize(
    ("words", "rest"), [(("--json",), ""), (("--", "--json"), "unrecognized arguments: --json")]
)
def test_json_among_a_steps_arguments_is_rhythms_unless_it_is_behind_two_dashes(
    words: tuple[str, ...], rest: str, rhythm: CommandLine
) -> None:
    rhythm.write(VALID)

    said = rhythm("step", "circuit_breaker_router", "--status-only", *words)

    assert (said.code, said.out.startswith("{")) == ((2, False) if rest else (0, True))
    assert rest in said.err


def test_a_step_without_a_name_and_its_help_list_what_steps_there_are(rhythm: CommandLine) -> None:
    nameless, helped = rhythm("step"), rhythm("step", "--help")

    assert (nameless.code, helped.code) == (0, 0)
    assert all(f"\n{name} " in nameless.out for name in NAMES)
    assert all(f"\n  {name} " in helped.out for name in NAMES)
    assert [step["name"] for step in rhythm("step", "--json").json["steps"]] == list(NAMES)


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
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
        f"error: {rhythm.config}:1: colour: unknown key. Take it out, or correct its spelling.\n"
    )
    assert {path.name for path in rhythm.folder.iterdir()} <= {"rhythm.toml", "prefect"}


def test_a_configuration_that_cannot_be_used_is_an_object_with_its_problems(rhythm: CommandLine) -> None:
    rhythm.write(BROKEN)

    said = rhythm("plan", "--json")

    where, fault = f"{rhythm.config}:1: colour", "unknown key"
    remedy = "Take it out, or correct its spelling."
    assert (said.code, said.err) == (2, f"error: {where}: {fault}. {remedy}\n")
    assert said.json == {
        "error": f"{where}: {fault}. {remedy}",
        "problems": [{"where": where, "problem": fault, "remedy": remedy}],
    }


def test_nothing_starts_when_nothing_can_be_written(rhythm: CommandLine) -> None:
    rhythm.write("outputs_dir = 'rhythm.toml/outputs'" + VALID)

    said = rhythm("beat")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {rhythm.config}:1: outputs_dir: ")


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--failing", "nobody"),
        ("beat", "--force", "nobody"),
        ("logs", "nobody"),
        ("step", "nobody"),
        ("explain", "nobody"),
        ("history", "nobody"),
    ],
)
def test_an_unknown_name_ends_with_2_and_lists_those_there_are(
    words: tuple[str, ...], rhythm: CommandLine
) -> None:
    rhythm.write(VALID)

    said = rhythm(*words)

    assert (said.code, said.out) == (2, "")
    assert ": 'nobody'" in said.err
    assert "health_check" in said.err or "check_health" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_console_that_lacks_characters_ends_nothing(rhythm: CommandLine) -> None:
    rhythm.write(VALID.replace("check_health --fast", "건강"))

    said = rhythm("check", PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert said.code == 2
    assert "names no built-in step: '??'" in said.err


def test_the_config_may_be_named_by_a_variable(rhythm: CommandLine) -> None:
    (rhythm.folder / "other.toml").write_text(VALID, encoding="utf-8")
    rhythm.write(BROKEN)

    said = rhythm("check", RHYTHM_CONFIG="other.toml")

    assert said.code == 0
    assert said.out == f"{rhythm.folder / 'other.toml'} is valid: 1 groups, 1 steps\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports a closed pipe in another way")
def test_a_reader_that_has_had_enough_is_no_fault(rhythm: CommandLine) -> None:
    rhythm.write(VALID)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RHYTHM_")}
    with subprocess.Popen(
        [sys.executable, "-m", "deployments.cli.main", "plan", "--json", "--hours", "2000"],
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
