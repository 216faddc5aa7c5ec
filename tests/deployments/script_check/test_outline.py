"""What is never closed in a PowerShell script, and where its `param` block stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.script_check.outline import Outline, outline
from tests.deployments.script_check.binder import Binder

BLOCK = "[CmdletBinding()]\nparam([Parameter(Mandatory)]$A, $B = ')')"

WITH_A_BLOCK = [
    BLOCK,
    f"\n\n# param(\n<# param( #>\n{BLOCK}\n'body'",
    f"#requires -Version 5\nusing namespace System\nusing module ./x.psm1;\n{BLOCK}",
    f"{BLOCK}\nfunction f {{ param($C) }}",
]
WITHOUT = [
    "",
    "'param($A)'",
    "function f { param($A) }",
    "[Console]::WriteLine('x')\nparam($A)",
    "@'\nparam($A)\n'@",
    "[int]$x = 3",
    "$param = (1)",
]
#: Valid, however odd: quotes, comments and brackets that are none.
VALID = [
    '"it\'s"; \'say ""\'; "a `" b"; "a "" b"; \'it\'\'s\'',
    "\u201cit's\u201d; \u2018a\u2019",
    '"$(if ($true) { "}" })"',
    '"$("$(1)")"',
    "@'\n' ( \" {\n'@",
    '@"\n" ( $(1 + (2)) {\n"@',
    '@"\n"@',
    "# ( '\n<# { \" #> 1",
    "${a(b} = 1; ${a(b}",
    "Write-Output a`'b `( c`{",
    "Write-Output a#b; 1",
    "cmd /c echo --% a b",
    "@{ a = 1; b = @(1, 2) }",
    '"\\"; "C:\\"',
    "'a' -replace '[(]', '{'",
    "1 +`\n2",
    "xyzzy`u{2195} 1; ${xyzzy`u{2195}} = 1",
    '"$"; "$$"; "a$"',
    "$x = $(1); ,(1)",
    "switch (1) { 1 { 'a' } default { } }",
]
#: What is wrong, and the line.
INVALID = [
    ("if ($x { 'oops' }", "'(' that begins here is never closed", 1),
    ("'a'\nfunction f {\n if (1) { }\n", "'{' that begins here is never closed", 2),
    ("'a'\n}", "'}' closes nothing", 2),
    ("'a'\n\n$x = 'never", "the string that begins here is never closed", 3),
    ('"a$(1"', "the subexpression that begins here is never closed", 1),
    ("\"$('(')\"", "the subexpression that begins here is never closed", 1),
    ("\n@'\nnever", "the string that begins here is never closed", 2),
    ('\n@"\nnever\n "@', "the here-string that begins here is never closed", 2),
    ("1\n<# never", "the comment that begins here is never closed", 2),
    ("@(1, 2", "'(' that begins here is never closed", 1),
]
#: What a # means here, only the grammar shows: nothing is reported.
UNCLEAR = ["Write-Output a#'b", "$x#'comment"]


@pytest.mark.parametrize("text", WITH_A_BLOCK)
def test_the_block_is_found_with_its_attributes(text: str) -> None:
    assert outline(text) == Outline(BLOCK)


@pytest.mark.parametrize("text", WITHOUT)
def test_a_script_without_a_block_has_none(text: str) -> None:
    assert outline(text) == Outline("")


@pytest.mark.parametrize("text", VALID)
def test_what_is_valid_has_no_fault(text: str) -> None:
    assert outline(text) == Outline("")


@pytest.mark.parametrize(("text", "problem", "line"), INVALID)
def test_what_is_never_closed_is_named_with_its_line(text: str, problem: str, line: int) -> None:
    found = outline(text)

    assert found.fault is not None
    assert (found.block, found.fault.text, found.fault.line) == (None, f"syntax error: {problem}", line)
    assert found.fault.fatal


@pytest.mark.parametrize("text", UNCLEAR)
def test_where_it_is_unclear_nothing_is_said(text: str) -> None:
    assert outline(text) == Outline(None)
    assert outline(f"param($A)\n{text}") == Outline("param($A)")


def test_what_a_block_adds_as_the_script_runs_is_unclear() -> None:
    assert outline("param($A)\ndynamicparam { }\nend { }") == Outline(None)


def test_powershell_finds_the_same_valid_and_invalid(binder: Binder) -> None:
    valid = [*VALID, *WITH_A_BLOCK[:2]]

    assert [text for text, faults in zip(valid, binder.faults(valid), strict=True) if faults] == []
    assert all(binder.faults([text for text, _, _ in INVALID]))


@given(st.text(st.sampled_from("()${}`'\"@#<>\n; ab&u"), max_size=40))
def test_any_text_has_an_outline(text: str) -> None:
    assert isinstance(outline(text), Outline)


@pytest.mark.parametrize("text", ["(" * 100_000, '"$(' * 50_000, "'" * 99_999, "`" * 100_001, "{}" * 100_000])
def test_no_script_is_too_deep(text: str) -> None:
    assert isinstance(outline(text), Outline)
