"""The line of a key is the one in which it stands, or none."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.problem import ConfigError
from tasks.settings import rhythm_toml as config
from tasks.settings.toml_lines import Keys, line_of, lines
from tests.end_to_end.workspace import PROJECT

DOCUMENT = '''\
# a comment with [brackets] = "and a quote
name = "first"        # [groups.none]
allow = [             # of several lines
  "a, b", 'c # d',    # two in one line
  """
three lines ] }
""",
  [1, 2,
   3],
]
"quoted \\u0041.key" = 1
'literal "key"' = { inline = { deeper.dotted = 1 }, list = [{ x = 1 }, { x = 2 }] }
site."example.com".port = 07:32:00
date = 1979-05-27 07:32:00
quotes = """a""\\""""" # five

[groups.a]
every = "10m"
steps = [
  "one.py",
  { run = "two.py", retries = 2 },
]
[groups . "b c"] # spaces
at = '03:00'

[[endpoints]]
name = "x"
[endpoints.expect]
status = 200
[[endpoints]]
name = "y"
  [[endpoints.more]]
  deep = true
  [[endpoints.more]]
'''
WANTED: dict[Keys, int] = {
    ("name",): 2,
    ("allow",): 3,
    ("allow", 0): 4,
    ("allow", 1): 4,
    ("allow", 2): 5,
    ("allow", 3): 8,
    ("allow", 3, 2): 9,
    ("quoted A.key",): 11,
    ('literal "key"', "inline", "deeper", "dotted"): 12,
    ('literal "key"', "list", 1, "x"): 12,
    ("site", "example.com", "port"): 13,
    ("date",): 14,
    ("quotes",): 15,
    ("groups",): 17,
    ("groups", "a"): 17,
    ("groups", "a", "steps"): 19,
    ("groups", "a", "steps", 0): 20,
    ("groups", "a", "steps", 1): 21,
    ("groups", "a", "steps", 1, "retries"): 21,
    ("groups", "b c"): 23,
    ("groups", "b c", "at"): 24,
    ("endpoints",): 26,
    ("endpoints", 0, "name"): 27,
    ("endpoints", 0, "expect", "status"): 29,
    ("endpoints", 1): 30,
    ("endpoints", 1, "more", 0, "deep"): 33,
    ("endpoints", 1, "more", 1): 34,
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_form_of_key_has_its_line(ends: str) -> None:
    found = lines(DOCUMENT.replace("\n", ends))

    assert {keys: found.get(keys) for keys in WANTED} == WANTED


def test_the_shipped_file_has_a_line_for_each_key() -> None:
    assert lines((PROJECT / "rhythm.toml").read_text(encoding="utf-8"))


# Documents whose lines are known, since they are counted as they are written.

KEYS = st.one_of(st.sampled_from(["a", "b-c", "1", "steps"]), st.text(min_size=0, max_size=5))
SCALARS = st.sampled_from(
    [
        "1",
        "-0.5e3",
        "true",
        "1979-05-27 07:32:00Z",
        '"a # ]"',
        "'b } ,'",
        '""',
        "''",
        '"\\\\"',
        '"\\""',
        "inf",
    ]
)
LONG = st.sampled_from(['"""\nx ] = """', "'''\n\n[not.a.table]'''", '"""a""\\\n  """', "'''''\n'''"])
FILLER = st.sampled_from(["", "# [[x]] = {", "   "])


def written(key: str) -> str:
    if key and all(each.isascii() and (each.isalnum() or each in "-_") for each in key):
        return key
    return '"' + "".join(f"\\U{ord(each):08x}" for each in key) + '"'


class Writer:
    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw, self.text, self.lines = draw, "", dict[Keys, int]()

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def filler(self) -> None:
        for filler in self.draw(st.lists(FILLER, max_size=2)):
            self.text += f"{filler}\n"

    def table(self, place: Keys, depth: int, header: str) -> None:
        names = self.draw(st.lists(KEYS, unique=True, max_size=3))
        for name in names:
            self.filler()
            self.lines[*place, name] = self.line
            self.text += f"{written(name)} = "
            self.value((*place, name), inline=False)
            self.text += self.draw(st.sampled_from(["\n", " # end\n"]))
        for name in self.draw(st.lists(KEYS, unique=True, max_size=2)) if depth else []:
            if name in names:
                continue
            further = f"{header}.{written(name)}".removeprefix(".")
            for number in range(self.draw(st.integers(1, 2))) if self.draw(st.booleans()) else [None]:
                self.filler()
                inner: Keys = (*place, name) if number is None else (*place, name, number)
                self.lines.setdefault((*place, name), self.line)
                self.lines[inner] = self.line
                self.text += f"[{further}]\n" if number is None else f"[[{further}]]\n"
                self.table(inner, depth - 1, further)

    def value(self, place: Keys, *, inline: bool, depth: int = 2) -> None:
        kind = self.draw(st.sampled_from(["scalar", "long", "list", "table"] if depth else ["scalar"]))
        if kind == "list":
            between = "" if inline else self.draw(st.sampled_from(["", "\n", " # c\n  "]))
            self.text += f"[{between}"
            for number in range(self.draw(st.integers(0, 3))):
                self.text += f",{between}" if number else ""
                self.lines[*place, number] = self.line
                self.value((*place, number), inline=inline, depth=depth - 1)
            self.text += f"{between}]"
        elif kind == "table":
            self.text += "{"
            for count, name in enumerate(self.draw(st.lists(KEYS, unique=True, max_size=3))):
                self.text += ", " if count else " "
                self.lines[*place, name] = self.line
                self.text += f"{written(name)}= "
                self.value((*place, name), inline=True, depth=depth - 1)
            self.text += " }"
        else:
            self.text += self.draw(SCALARS if kind == "scalar" or inline else LONG)


@st.composite
def documents(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, dict[Keys, int]]:
    writer = Writer(draw)
    writer.table((), draw(st.integers(0, 2)), "")
    return writer.text, writer.lines


@given(document=documents())
def test_the_lines_of_any_document_are_those_in_which_it_was_written(
    document: tuple[str, dict[Keys, int]],
) -> None:
    text, known = document
    tomllib.loads(text)

    assert lines(text) == known


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["groups", "a", "every"], 17 + 1),
        (["groups", "a", "steps", "1", "timeout"], 21),
        (["groups", "a", "lane"], 17),
        (["groups", "none"], 17),
        (["retention"], None),
    ],
)
def test_what_is_not_there_is_missing_in_the_innermost_table_that_is(
    keys: list[str], line: int | None
) -> None:
    assert line_of(b"\xef\xbb\xbf" + DOCUMENT.encode(), keys) == line


@pytest.mark.parametrize("content", [b"", b"\xff", b"= 1", b"a = " + b"[" * 5000])
def test_of_what_is_not_valid_no_line_is_named(content: bytes) -> None:
    assert line_of(content, ["a"]) is None


FAULTS = """\
colour = "red"
timezone = "Europe/Berln"
[groups.a]
evry = "10m"
every = "10m"
on_failure = "halt"
after = ["b"]
steps = [
  "check_health",
  { run = "check_health", name = "two", timout = "5m" },
  { run = "two.py", name = "three", retries = -1 },
]
[groups.b]
every = "5m"
[[endpoints]]
name = "x"
[[endpoints]]
name = "y"
url = "nonsense"
[endpoints.expect]
stats = 200
"""


def test_each_fault_of_a_file_names_its_line_and_what_may_have_been_meant(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.toml"
    path.write_text(FAULTS, encoding="utf-8")

    with pytest.raises(ConfigError) as raised:
        config.load(path)

    found = {}
    for problem in raised.value.problems:
        place, _, key = problem.where.removeprefix(f"{path}:").partition(": ")
        assert FAULTS.splitlines()[int(place) - 1]
        found[key] = int(place)
        assert key != "groups.a.evry" or problem.remedy.startswith("Did you mean 'every'?")
        assert not key.endswith("timout") or problem.remedy.startswith("Did you mean 'timeout'?")
        assert key != "endpoints.1.expect.stats" or problem.remedy.startswith("Did you mean 'status'?")
        assert key != "timezone" or problem.remedy.startswith("Did you mean 'Europe/Berlin'?")
    assert found == {
        "colour": 1,
        "timezone": 2,
        "groups.a.evry": 4,
        "groups.a.on_failure": 6,
        "groups.a.steps.1.timout": 10,
        "groups.a.steps.2.retries": 11,
        "groups.b.steps": 13,
        "endpoints.0.url": 15,
        "endpoints.1.url": 19,
        "endpoints.1.expect.stats": 21,
    }


def test_a_fault_between_groups_names_the_line_of_its_key(tmp_path: Path) -> None:
    path = tmp_path / "rhythm.toml"
    path.write_text(
        '[groups.a]\nevery = "1h"\nsteps = ["check_health"]\nafter = [\n  "b",\n]\n', encoding="utf-8"
    )

    with pytest.raises(ConfigError) as raised:
        config.load(path)

    assert raised.value.problems[0].where == f"{path}:4: groups.a.after"
