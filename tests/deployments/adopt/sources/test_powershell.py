"""What PowerShell's expressions come to, without running them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.adopt.job import Origin
from deployments.adopt.sources.powershell.interpreter import Interpreter
from deployments.adopt.sources.powershell.native import words
from deployments.adopt.sources.powershell.state import TooLong
from deployments.adopt.sources.powershell.syntax import parse
from deployments.adopt.sources.powershell.values import DateTime, Thing, Unknown

ORIGIN = Origin("register_x.ps1", PurePosixPath("/srv/agi/scripts"))


def after(script: str, variable: str = "x", *, loose: bool = False) -> Any:
    """What a variable holds after a script."""
    run = Interpreter(ORIGIN, loose=loose)
    run.read(parse(script))
    return run.variable(variable)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ('"a `"b`" ""c"" `$d"', 'a "b" "c" $d'),
        ('"line`nbreak"', "line\nbreak"),
        ("@'\nraw $x\n'@", "raw $x"),
        ('@"\nmore $n\n"@', "more 7"),
        ('"$n and ${n} and $($n + 1)"', "7 and 7 and 8"),
        ("\"$($t.Name)-$($t['Min'])\"", "one-5"),
        ("'a' + 'b' + $n", "ab7"),
        ("'{0}\\{1:D3}' -f 'x', $n", "x\\007"),
        ("3 * 5 + 1", 16.0),
        ("$n -gt 5 -and -not ($n -eq 8)", True),
        ("'Abc' -eq 'aBC'", True),
        ("'abc' -like 'A*'", True),
        ("'a','b' -join '+'", "a+b"),
        ("'C:\\x\\y.ps1' -replace '\\.ps1', '.py'", "C:\\x\\y.py"),
        ("@(1, 2, 3).Count", 3),
        ("@(1, 2, 3)[-1]", 3.0),
        ("(1..4)[2]", 3.0),
        ("$(foreach ($i in 3..1) { $i * 2 })", [6.0, 4.0, 2.0]),
        ("[int]'12' + 1", 13.0),
        ("$t.Name.ToUpper().Replace('N', '_')", "O_E"),
        ("Join-Path $PSScriptRoot 'x.py'", "/srv/agi/scripts/x.py"),
        ("Join-Path (Split-Path -Parent $PSScriptRoot) 'logs\\x.log'", "/srv/agi/logs/x.log"),
        ("Join-Path 'C:\\agi' -ChildPath scripts", "C:\\agi\\scripts"),
        ("Split-Path $MyInvocation.MyCommand.Path", "/srv/agi/scripts"),
        ("[IO.Path]::Combine('C:\\a', 'b', 'c.py')", "C:\\a\\b\\c.py"),
        ("(Get-Command python).Source", "python"),
        ("New-TimeSpan -Minutes $n -Hours 1", timedelta(hours=1, minutes=7)),
        ("[TimeSpan]::FromMinutes(5)", timedelta(minutes=5)),
        ("[TimeSpan]'00:05:00'", timedelta(minutes=5)),
        ("New-Object TimeSpan 0, 10, 0", timedelta(minutes=10)),
        ("(Get-Date).Date.AddHours(3).AddMinutes(30)", DateTime(210.0)),
        ("[DateTime]'3:15 PM'", DateTime(915.0)),
        ("Get-Date -Hour 4 -Minute 5", DateTime(245.0)),
        ("(Get-Date).AddMinutes(1)", DateTime()),
        ("if ($n -eq 7) { 'yes' } else { 'no' }", "yes"),
        ("$(foreach ($i in 1..3) { $i * 2 })", [2.0, 4.0, 6.0]),
        ("'a', 'b' | ForEach-Object { \"$_!\" }", ["a!", "b!"]),
        ("1, 2, 3 | Where-Object { $_ -gt 1 }", [2.0, 3.0]),
        ("$env:SystemRoot", "C:\\Windows"),
    ],
)
def test_an_expression_comes_to_its_value(expression: str, value: Any) -> None:
    assert after(f"$n = 7\n$t = @{{ Name = 'one'; Min = 5 }}\n$x = {expression}\n") == value


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("$env:USERPROFILE", "$env:USERPROFILE"),
        ('"$env:USERPROFILE\\x.py"', "$env:USERPROFILE"),
        ("Join-Path $env:APPDATA 'x'", "$env:APPDATA"),
        ("$nowhere", "$nowhere"),
        ("Read-Host 'name'", "Read-Host 'name'"),
        ("(Get-Content x.json | ConvertFrom-Json).minutes", "ConvertFrom-Json"),
        ("New-TimeSpan -Minutes $nowhere", "$nowhere"),
    ],
)
def test_what_only_running_it_would_show_is_unknown_and_named(expression: str, name: str) -> None:
    value = after(f"$x = {expression}\n")

    assert isinstance(value, Unknown)
    assert any(name in each for each in value.names)


def test_what_differs_between_branches_that_may_be_taken_is_in_doubt() -> None:
    script = (
        "$x = 'a'\nif (Test-Path C:\\x) { $x = 'b' }\n$y = 'same'\nif (Test-Path C:\\x) { $y = 'same' }\n"
    )

    assert isinstance(after(script), Unknown)
    assert after(script) == "a"
    assert not isinstance(after(script, "y"), Unknown)


def test_a_way_out_that_is_perhaps_not_taken_is_not_taken() -> None:
    assert after("$x = 1\nif (-not (Test-Path y)) { exit 1 }\n$x = 2") == 2
    assert after("$x = 1\nif ($true) { return }\n$x = 2") == 1


def test_a_switch_that_nobody_set_is_off() -> None:
    script = "param([switch]$Remove)\n$x = 'kept'\nif ($Remove) { $x = 'gone' }"

    assert after(script) == "kept"
    assert isinstance(after(script, loose=True), Unknown)


def test_a_function_binds_its_parameters() -> None:
    script = (
        'function F([string]$Name, [int]$Minutes = 5, [switch]$Fast) { return "$Name $Minutes $Fast" }\n'
        "$a = F -Name n 3\n$b = F 'm' -Fast\n$c = F -Min 9 -Name q\n"
        "$s = @{ Name = 's'; Minutes = 1 }\n$d = F @s\n"
    )

    assert [after(script, name) for name in "abcd"] == ["n 3 False", "m 5 True", "q 9 False", "s 1 False"]


def test_tables_have_entries_and_fields() -> None:
    table = after("$x = [pscustomobject]@{ Name = 'a'; 'two words' = 2 }\n$x.Name = 'b'\n$x['New'] = 3")

    assert isinstance(table, Thing)
    assert table.fields == {"name": "b", "two words": 2.0, "new": 3.0}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/create /tn AGI\\X /f", ["/create", "/tn", "AGI\\X", "/f"]),
        ('/tr "powershell -File C:\\x.ps1"', ["/tr", "powershell -File C:\\x.ps1"]),
        (r'/tr "\"C:\a b\p.exe\" \"$s\" -x"', ["/tr", r'"C:\a b\p.exe" "C:\s.py" -x']),
        ("/tr '\"C:\\a b\\p.exe\" x'", ["/tr", '"C:\\a b\\p.exe" x']),
        ('/tr "`"$s`" -x"', ["/tr", '"C:\\s.py" -x']),
        ("/mo $($n * 2) `\n /f", ["/mo", "14", "/f"]),
        ("@list /f", ["a", "b c", "/f"]),
    ],
)
def test_a_program_is_given_the_words_that_were_meant(raw: str, expected: list[str]) -> None:
    run = Interpreter(ORIGIN)
    run.read(parse("$s = 'C:\\s.py'\n$n = 7\n$list = 'a', 'b c'"))

    assert words(run, raw) == expected


def test_a_loop_without_end_is_given_up() -> None:
    with pytest.raises(TooLong):
        after("function F { F; F; F }\nforeach ($i in 1..9999) { F }")


@settings(max_examples=200)
@given(st.text("$@(){}[]|;=,.'\"`-+ \naAxX1:%#<>&", max_size=80))
def test_any_text_is_read_to_its_end(script: str) -> None:
    Interpreter(ORIGIN).read(parse(script))


@pytest.mark.parametrize(("mode", "expected"), [("fast", "5"), ("SLOW", "60"), ("other", "30")])
def test_a_switch_takes_the_clause_that_fits(mode: str, expected: str) -> None:
    clauses = "\n".join(("'fast' { $x = 5 }", "'slow' { $x = 60 }", "default { $x = 30 }"))
    script = f"$mode = '{mode}'\nswitch ($mode) {{\n{clauses}\n}}"

    assert str(after(script)).removesuffix(".0") == expected


def test_a_switch_over_what_is_not_known_leaves_a_doubt() -> None:
    found = after("$x = 1\nswitch ($nobody) {\n'a' { $x = 2 }\ndefault { $x = 3 }\n}")

    assert isinstance(found, Unknown)
