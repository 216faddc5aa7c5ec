"""The commands as they are registered: what they are given, and how their help looks."""

from __future__ import annotations

import re
from datetime import datetime
from importlib import import_module
from typing import get_type_hints

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.cli.arguments import Time, json_behind_command, repeat
from deployments.cli.commands import COMMANDS

COMMAND_NAMES = list(COMMANDS.commands)
WORDS = st.lists(st.sampled_from(["--json", "--", "beat", "--force", "--dry-run", "a", "b", "-n", ""]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("beat --json", "beat --json"),
        ("--json beat --dry-run", "beat --json --dry-run"),
        ("beat --dry-run --json", "beat --json --dry-run"),
        ("beat --json --json", "beat --json"),
        ("step check_health --fast --json", "step --json check_health --fast"),
        ("step check_health --json -- --json", "step --json check_health -- --json"),
        ("--json", "--json"),
        ("--version --json", "--json --version"),
    ],
)
def test_json_is_put_behind_the_command(line: str, expected: str) -> None:
    assert json_behind_command(line.split()) == (expected.split(), True)


@pytest.mark.parametrize("line", ["", "beat", "step check_health -- --json", "adopt --output=--json"])
def test_without_json_nothing_is_changed(line: str) -> None:
    assert json_behind_command(line.split()) == (line.split(), False)


@given(WORDS)
def test_all_words_but_json_stay_in_their_order(words: list[str]) -> None:
    result, found = json_behind_command(words)
    end = words.index("--") if "--" in words else len(words)

    assert found == ("--json" in words[:end])
    without = [word for word in words[:end] if word != "--json"] + words[end:]
    assert [
        word for n, word in enumerate(result) if word != "--json" or n > len(result) - len(words[end:])
    ] == (without)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--force a", "--force a"),
        ("--force a b", "--force a --force b"),
        ("--force a b --dry-run c", "--force a --force b --dry-run c"),
        ("--force a --force b c", "--force a --force b --force c"),
        ("--force", "--force"),
        ("--force --dry-run a", "--force --dry-run a"),
        ("--force=a b", "--force=a b"),
        ("--force a -- b c", "--force a -- b c"),
        ("a b", "a b"),
    ],
)
def test_an_option_is_repeated_for_each_of_its_words(line: str, expected: str) -> None:
    assert repeat({"--force"}, line.split()) == expected.split()


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_a_command_takes_what_is_registered_for_it_with_its_types(name: str) -> None:
    hints = get_type_hints(import_module(f"deployments.cli.{name}").run)
    assert hints.pop("return") is int

    assert {param.name: python_type(param) for param in COMMANDS.commands[name].params} == {
        parameter: str(hint) if hasattr(hint, "__args__") else hint.__name__
        for parameter, hint in hints.items()
    }


def python_type(param: click.Parameter) -> str:
    """What a command is given for an argument or option, as Python writes the type."""
    if param.multiple or param.nargs == -1:
        return "collections.abc.Sequence[str]"
    if isinstance(param, click.Option) and param.is_flag:
        return "bool"
    kinds = {"integer": "int", "count": "int", "hours": "float", "time": "datetime.datetime"}
    kind = kinds.get(param.type.name, "str")
    has_value = param.required or isinstance(param.default, int | float)
    return kind if has_value else f"{kind} | None"


@pytest.mark.parametrize("name", [None, *COMMAND_NAMES])
def test_help_fits_a_terminal_of_80_columns_and_breaks_no_word(name: str | None) -> None:
    root = click.Context(COMMANDS, info_name="rhythm", terminal_width=80, **COMMANDS.context_settings)
    command = COMMANDS.commands[name] if name else COMMANDS
    context = click.Context(command, root, name, terminal_width=80) if name else root

    lines = command.get_help(context).splitlines()

    assert max(map(len, lines)) <= 80
    shown = set(" ".join(lines).split())
    texts = [
        command.help,
        *(record[1] for param in command.params if (record := param.get_help_record(context))),
    ]
    assert {word for text in texts for word in (text or "").split()} <= shown


@pytest.mark.parametrize("name", COMMAND_NAMES)
def test_every_argument_and_option_is_explained(name: str) -> None:
    command = COMMANDS.commands[name]
    records = [param.get_help_record(click.Context(command)) for param in command.params]

    assert all(record and re.search(r"\w.*\.$", record[1]) for record in records)


def test_a_time_may_have_an_offset_or_none() -> None:
    assert Time().convert("2026-03-29T00:00", None, None) == datetime.fromisoformat("2026-03-29T00:00")
    assert str(Time().convert("2026-03-29T00:00+01:00", None, None)) == "2026-03-29 00:00:00+01:00"
