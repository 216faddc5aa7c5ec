"""Whatever stands in rhythm.toml, a command ends with 0 or 2, and with messages that a person can read."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from deployments.cli.main import main
from tests.deployments.command_line import PROJECT, CommandLine

FILES, LONGEST = 2000, 2048  # bytes of a message
SHIPPED = (PROJECT / "rhythm.toml").read_bytes()
#: Between what marks is mutated as well: comments are most of the file that is shipped.
LIVE = SHIPPED.replace(b"# [", b"[").replace(b"# name", b"name").replace(b"# url", b"url")

TOKENS = (
    *(b"[", b"]", b"{", b"}", b'"', b"'", b'"""', b"=", b".", b",", b"#", b"\n", b"\r", b"\0", b"\t", b"\\"),
    *(b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf", "하나".encode(), "\U0001f642".encode(), b"\x1b[2J"),
    *(b"true", b"inf", b"nan", b"-1", b"0", b"1e999", b"0x", b"9" * 30, b"9" * 5000, b"x" * 70_000),
    *(b"[" * 40, b"[" * 600, b"[" * 600 + b"]" * 600, b"{a=" * 600, b"a." * 2000, b"-" * 3000),
    *(b"[groups.health_check]", b"[[endpoints]]", b"after = ['event_analysis']", b"steps = []", b"25:00"),
    *(b"1979-05-27T07:32:00Z", b"9999-99-99", b"'90000000d'", b'"${A}"', b"every = 1", b"at = '03:00'"),
    *(b"colour = 1\n" * 300, b"steps = [" + b'"no", ' * 500 + b"]", b"../" * 900, b"~nobody/", b"name = ''"),
)


def _insert(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(TOKENS) + text[at:]


def _replace_a_value(chance: random.Random, text: bytes) -> bytes:
    lines = text.split(b"\n")
    at = chance.randrange(len(lines))
    key, sign, _ = lines[at].partition(b"=")
    lines[at] = key + sign + b" " + chance.choice(TOKENS)
    return b"\n".join(lines)


def _delete(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.randrange(1, 60) :]


def _double(chance: random.Random, text: bytes) -> bytes:
    at, length = chance.randrange(len(text) + 1), chance.randrange(1, 200)
    return text[: at + length] + text[at:]


def _flip(chance: random.Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]


def _swap_lines(chance: random.Random, text: bytes) -> bytes:
    lines = text.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


MUTATIONS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    *(_insert, _replace_a_value, _delete, _double, _flip, _swap_lines),
)


def test_whatever_stands_in_it_the_check_ends_with_0_or_2_and_short_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rhythm.toml"
    monkeypatch.setenv("RHYTHM_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    chance = random.Random(21)
    ends = {0: 0, 2: 0}

    for number in range(FILES):
        text = chance.choice((SHIPPED, LIVE))
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            text = chance.choice(MUTATIONS)(chance, text)
        path.write_bytes(text)

        try:
            code = main(["check"])
        except Exception as error:
            kept = tmp_path.with_name("failing.toml")
            kept.write_bytes(text)
            raise AssertionError(f"file {number}, kept as {kept}") from error

        said = capsys.readouterr()
        ends[code] += 1
        for line in (said.out + said.err).splitlines():
            assert len(line.encode()) <= LONGEST, (number, line)
    assert min(ends.values()) > FILES // 20, "mutations that break nothing, or everything, show little"


@pytest.mark.parametrize(
    ("command", "value", "fault"),
    [
        ("check", b"[" * 600, "too many brackets"),
        ("status", b"{a=" * 600, "too many brackets"),
        ("up", b"9" * 5000, "not valid TOML"),
    ],
)
def test_what_no_parser_takes_is_an_error_of_the_file(
    rhythm: CommandLine, command: str, value: bytes, fault: str
) -> None:
    rhythm.write(b"x = " + value)

    said = rhythm(command)

    assert (said.code, "Traceback" in said.err) == (2, False)
    assert said.err.startswith(f"error: {rhythm.config}: ")
    assert fault in said.err


def test_json_of_a_variable_that_no_parser_takes_is_an_error_as_well(rhythm: CommandLine) -> None:
    said = rhythm("check", RHYTHM_GROUPS="[" * 100_000)

    assert (said.code, "Traceback" in said.err) == (2, False)
    assert "RHYTHM_" in said.err
