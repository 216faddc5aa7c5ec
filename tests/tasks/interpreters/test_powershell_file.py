"""A .ps1 step is what `pwsh -File` is: the same exit code, and the same lines in the same streams."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.powershell import Shell

# Beside every script lie these, which some of them call.
FILES = {
    "exits0.ps1": "'inner'; exit 0",
    "functions.ps1": "function Get-Seven { 7 }; $fromFunctions = 'dot-sourced'",
    "exits_in_function.ps1": "function Stop-Here { exit 6 }",
    "tools.psm1": "function Get-Tool { 'tool' }; class Tool { [string]$Name = 'hammer' }",
    "broken.psm1": "function {",
    "reads_a_global.psm1": "function Get-Global { $global:setByTheScript }",
}

SCRIPTS = dict(
    case.split("\n", 1)
    for case in Path(__file__)
    .with_name("powershell_scripts.ps1")
    .read_text(encoding="utf-8")
    .split("#: ")[1:]
)

BOUND = """param([switch]$Fast, [string]$Name = '-', [int]$Days, [string[]]$List, $Rest)
"Fast=$Fast Name=[$Name] Days=$Days List=[$($List -join '|')]"
if ($null -ne $Rest) { "Rest=[$Rest] $($Rest.GetType())" }
foreach ($one in $args) { "[$one] $($one.GetType())" }
"""
ADVANCED = f"[CmdletBinding()]\n{BOUND}"
PLAIN = 'foreach ($one in $args) { "[$one] $($one.GetType())" }'
KINDS = {"no parameters": PLAIN, "parameters": BOUND, "CmdletBinding": ADVANCED}

WORDS: list[list[str]] = [
    [],
    [""],
    ["", "a", ""],
    ["two words", " ", "tab\there"],
    ["'single'", '"double"', "`tick`", "a\"b'c"],
    ["$x", "$env:HOME", "$(1+1)", "@args", "@{a=1}", "{block}", "(1)"],
    ["a;b", "a&b", "a|b", "a>b", "a,b", "#no comment", "*", "?", "~"],
    ["trailing\\", "two\\\\", 'quote\\"'],
    ["한글", "é", "😀"],
    ["-"],
    ["--"],
    ["--%", "a", "%PATH%"],
    ["-Fast"],
    ["-fast"],
    ["-F"],
    ["-Fast:$true"],
    ["-Fast:$False"],
    ["-Fast:TRUE"],
    ["-Fast:false"],
    ["-Fast:$tRuE", "-Name", "$tRue"],
    ["-Fast:0"],
    ["-Fast: true"],
    ["-Fast:", "$false"],
    ["-Fast:", "false", "x"],
    ["-Name", "a", "-Days", "7"],
    ["-Name:a", "-Days:7"],
    ["-Name:a:b:c"],
    ["-Name:", "-Fast"],
    ["-Name::x"],
    ["-Name:::", "x"],
    ["-Name:"],
    ["-Name"],
    ["-Name:true"],
    ["-Name", "true"],
    ["$true"],
    ["-Name", "-Fast"],
    ["-Name", ""],
    ["-Name:", ""],
    ["-List", "a,b", "c"],
    ["-List:a,b"],
    ["-Days", "many"],
    ["-Nobody", "x"],
    ["-Nobody:x"],
    ["-Fast", "-Fast"],
    ["–Fast"],  # an en dash, as word processors write it
    ["—Name", "x"],
    ["―Name:x"],
    ["-1", "-2.5", "-:", "-:x"],
    ["one", "2", "three", "four", "five", "six"],
    ["-Verbose"],
    ["-?"],
]


@pytest.fixture(scope="module", autouse=True)
def files(shell: Shell) -> None:
    for name, text in FILES.items():
        shell.script(text, name)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
async def test_a_script_ends_and_prints_as_by_pwsh_file(shell: Shell, text: str) -> None:
    bare, step = await shell.both(shell.script(text))

    assert step == bare


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
async def test_words_arrive_as_by_pwsh_file(shell: Shell, words: list[str]) -> None:
    bare, step = await shell.both(shell.script(BOUND), *words)

    assert step == bare


_names = st.sampled_from(["Fast", "Name", "Days", "List", "Rest", "N", "Nobody", "Verbose", "한글"])
_values = st.sampled_from(
    ["$true", "$FALSE", "True", " false ", "7", "a b", "", ":", "$x", "'q'", "-Fast", "한글"]
)
_dashes = st.sampled_from("-–—―")
_texts = st.text(st.sampled_from(" '\"$`:;,&|(){}@#%\\-–—aZ1한"), max_size=6)
_words = st.one_of(
    st.builds("{}{}:{}".format, _dashes, _names, _values),
    st.builds("{}{}".format, _dashes, _names),
    _values,
    _texts,
    st.sampled_from(["--%", "-", "--", "@args"]),
).filter(lambda word: not re.match("[-–—―]:.", word))  # see the test of it below


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(words=st.lists(_words, max_size=5))
def test_any_words_arrive_as_by_pwsh_file(shell: Shell, kind: str, words: list[str]) -> None:
    script = shell.script(KINDS[kind], f"{kind.replace(' ', '-')}.ps1")

    bare, step = asyncio.run(shell.both(script, *words))

    assert step == bare


async def test_a_name_without_letters_fails_where_pwsh_file_crashes(shell: Shell) -> None:
    bare, step = await shell.both(shell.script(ADVANCED), "-:x")

    assert bare.exit_code not in (0, 1)
    assert (step.exit_code, step.lines) == (1, [])
    assert 'the value of argument "name" is not valid' in step.errors[0]


async def test_the_detailed_view_of_an_error_has_one_frame_more(shell: Shell) -> None:
    bare, step = await shell.both(shell.script("$ErrorView = 'DetailedView'; throw 'broken'"))

    assert [line for line in step.errors if "run.ps1" not in line] == bare.errors
    assert len(step.errors) == len(bare.errors) + 1
