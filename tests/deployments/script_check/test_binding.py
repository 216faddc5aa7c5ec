"""What a script does not take of its arguments, held against PowerShell's own binder."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deployments.script_check import binding, file_arguments, param_block
from deployments.script_check.fault import Fault
from deployments.script_check.outline import outline
from tests.deployments.script_check.binder import Binder

SIMPLE = "param($Days, [string]$Name, [switch]$Force)"
ADVANCED = (
    "[CmdletBinding()]\nparam(\n"
    "[Parameter(Mandatory)][Alias('Since', 'Age')][int]$Days,\n"
    "[ValidateSet('fast', 'slow')][string]$Mode = 'fast',\n"
    "[switch]$Force,\n[bool]$Send\n)"
)
NOTHING_MANDATORY = ADVANCED.replace("(Mandatory)", "()")
PLACES = "param([Parameter(Position = 1)]$Second, [Parameter(Position = 0)]$First, $Third)"
REST = "param([Parameter(Mandatory)]$One, [Parameter(ValueFromRemainingArguments)]$Rest)"
ALL = "param([Parameter(Mandatory, ValueFromRemainingArguments)]$All)"
ALL_SETS = "param([Parameter(Mandatory, Position = 0, ParameterSetName = '__AllParameterSets')]$A)"
SETS = (
    "[CmdletBinding(DefaultParameterSetName = 'A')]\nparam("
    "[Parameter(Mandatory, ParameterSetName = 'A')]$Path, [Parameter(Mandatory, ParameterSetName = 'B')]$Id, "
    "[Parameter(Mandatory)]$Always, [ValidateSet('x')]$Only)"
)
POSITIONS_IN_SETS = (
    "param([Parameter(Mandatory, ParameterSetName = 'A')]$On, "
    "[ValidateSet('x')][Parameter(Position = 0, ParameterSetName = 'A')]$A, "
    "[Parameter(Mandatory, ParameterSetName = 'B')]$Off, [Parameter(Position = 1, ParameterSetName = 'B')]$B)"
)

# A script, its arguments, and what is found.
TABLE: list[tuple[str, list[str], list[str]]] = [
    # A simple script takes what it does not know into $args.
    (SIMPLE, ["-Dayz", "7"], []),
    (SIMPLE, ["7", "x", "y", "z"], []),
    (SIMPLE, ["-Days"], ["-Days has no value"]),
    (SIMPLE, ["-Days", "-Force"], ["-Days has no value"]),
    (SIMPLE, ["-Days", "-5"], []),
    (SIMPLE, ["-Days", "-Dayz:5"], ["-Days has no value"]),
    (SIMPLE, ["-Days", "1", "-d", "2"], ["-Days is given twice"]),
    (SIMPLE, ["-Force:no"], ["-Force is a switch and takes no 'no'"]),
    (SIMPLE, ["-Force:$false"], []),
    (SIMPLE, ["-Force: true "], []),
    (SIMPLE, ["-Force:$ False"], []),
    (SIMPLE, ["-Force:", "$true"], ["-Force is a switch and takes no '$true'"]),
    (SIMPLE, ["-Verbose"], []),
    ("param($Days, $Dir)", ["-D", "7"], ["-D is short for -Days and -Dir"]),
    ("param($Days, $Dir)", ["-Da", "7"], []),
    ("'no block'", ["-Any", "thing"], []),
    # An advanced one refuses it.
    (ADVANCED, ["-Days", "7"], []),
    (ADVANCED, ["7"], []),
    (ADVANCED, ["-Dayz", "7"], ["no such parameter: -Dayz"]),
    (ADVANCED, ["-Days", "7", "-Dayz:8"], ["no such parameter: -Dayz"]),
    (ADVANCED, [], ["-Days is missing, and mandatory"]),
    (ADVANCED, ["-Since", "7"], []),
    (ADVANCED, ["-Ag:7"], []),
    (ADVANCED, ["\u2013Days", "7"], []),
    (ADVANCED, ["--Days", "7"], []),
    (ADVANCED, ["-Days:", "7"], []),
    (ADVANCED, ["-D", "7"], []),
    (ADVANCED, ["-Days", "7", "medium"], ["-Mode does not take 'medium'"]),
    (ADVANCED, ["-Days", "7", "-Mode", "FAST"], []),
    (ADVANCED, ["-Days", "7", "-Mode", "medium"], ["-Mode does not take 'medium'"]),
    (ADVANCED, ["-Days", "7", "-Mode", ""], ["-Mode does not take ''"]),
    (ADVANCED, ["7", "fast", "$true"], ["-Send is a Boolean and takes no '$true'"]),
    (ADVANCED, ["-Days", "7", "-Send", "1"], ["-Send is a Boolean and takes no '1'"]),
    (ADVANCED, ["-Days", "7", "-Send:true"], []),
    (ADVANCED, ["-Days", "7", "-Send:$True", "-Force:1"], ["-Force is a switch and takes no '1'"]),
    (NOTHING_MANDATORY, ["1", "fast", "-Send:$true", "more"], ["no parameter takes 'more'"]),
    (ADVANCED, ["-Days", "7", "-5"], ["no such parameter: -5"]),
    (ADVANCED, ["7", "-Verbose", "-ErrorAction", "Stop", "-ea:Stop"], ["-ErrorAction is given twice"]),
    (ADVANCED, ["7", "-Verb", "-ov", "x"], []),
    (ADVANCED, ["7", "-WhatIf"], ["no such parameter: -WhatIf"]),
    (ADVANCED.replace("()]", "(SupportsShouldProcess)]", 1), ["7", "-WhatIf", "-cf:$false"], []),
    (ADVANCED, ["7", "-?"], []),
    ("[CmdletBinding()] param()", ["x"], ["no parameter takes 'x'"]),
    ("[CmdletBinding(PositionalBinding = $false)] param($A)", ["x"], ["no parameter takes 'x'"]),
    ("param([Parameter()]$Debugger)", ["-Debug"], []),
    ("param([Parameter()]$Debugger)", ["-De", "x"], []),
    ("param([Parameter()]$Debugger)", ["-Err", "x"], ["-Err is short for -ErrorAction and -ErrorVariable"]),
    ("[CmdletBinding()] param([ValidateSet('a', IgnoreCase = $false)]$X)", ["A"], ["-X does not take 'A'"]),
    ("[CmdletBinding()] param([ValidateSet(1, 2)]$X)", ["3"], ["-X does not take '3'"]),
    ("[CmdletBinding()] param([ValidateSet('a', 'b')][string[]]$X)", ["a,b"], ["-X does not take 'a,b'"]),
    ("[CmdletBinding()] param([ValidateSet('-5')]$X)", ["-X", "-5"], []),
    ("param([Parameter(Mandatory, ValueFromPipeline)]$A)", [], ["-A is missing, and mandatory"]),
    (ALL_SETS, [], ["-A is missing, and mandatory"]),
    # Positions
    (PLACES, ["1", "2"], []),
    (PLACES, ["1", "2", "3"], ["no parameter takes '3'"]),
    (PLACES, ["-First", "1", "2", "3"], ["no parameter takes '3'"]),
    (REST, ["1", "2", "-Three", "4"], []),
    (REST, ["-Three", "4"], ["-One is missing, and mandatory"]),
    (REST, [], ["-One is missing, and mandatory"]),
    (ALL, [], ["-All is missing, and mandatory"]),
    (ALL, ["1", "2"], []),
    (f"{ALL[:-1]}, $One)", ["1"], ["-All is missing, and mandatory"]),
    # Parameter sets
    (SETS, ["-Path", "x", "-Always", "y"], []),
    (SETS, ["-Id", "x", "-Always", "y"], []),
    (SETS, ["-Id", "x"], ["-Always is missing, and mandatory"]),
    (SETS, ["-Id", "x", "-Always", "y", "-Other"], ["no such parameter: -Other"]),
    (SETS, ["-Id", "x", "-Always", "y", "-Only", "z"], ["-Only does not take 'z'"]),
    (SETS, ["-Id", "x", "-Always", "y", "z"], ["no parameter takes 'z'"]),
    (POSITIONS_IN_SETS, ["-Off", "1", "y"], []),
    (POSITIONS_IN_SETS, ["-On", "1", "x", "more", "words"], ["no parameter takes 'words'"]),
    (f"{ALL_SETS[:-1]}, [Parameter(ParameterSetName = 'B')]$B)", ["1", "-B", "2"], []),
    # What stands before the block, and in it
    (f"#requires -Version 5\nusing namespace System\n{ADVANCED}", ["-X:1", "7"], ["no such parameter: -X"]),
    ("[CmdletBinding()]param(${Lang Name})", ["-Lang", "x", "y"], ["no parameter takes 'y'"]),
    ("[CmdletBinding()]param($이름)", ["-이름", "x", "-이"], ["-이름 has no value"]),
    ("function f { param([Parameter(Mandatory)]$A) }", ["-B"], []),
]  # fmt: skip

# What only PowerShell itself can tell; nothing is said of it.
SILENT: list[tuple[str, list[str]]] = [
    ("param([Parameter()][string][int][ValidateSet('1')]$X)", ["01"]),
    (POSITIONS_IN_SETS, ["-On", "1", "y"]),
    (SETS, ["-Always", "y"]),
    (SETS, ["-Always", "y", "-Path", "1", "-Id", "2"]),
    (ADVANCED, ["-Days", "seven"]),
    (ADVANCED, ["-Days", "7", "--"]),
    ("[CmdletBinding()] param([Parameter(Position = 0)]$A, [Parameter(Position = 0)]$B)", ["x"]),
    ("[CmdletBinding()] param([Parameter(Mandatory)][string]$A)", [""]),
    ("[CmdletBinding()] param([ValidateRange(1, 5)][int]$A)", ["9"]),
]


def found(script: str, words: Sequence[str]) -> list[Fault]:
    """What is found without PowerShell."""
    block = outline(script).block
    parameters = None if block is None else param_block.read(block)
    assert parameters is not None, "the block cannot be read"
    return binding.faults(parameters, file_arguments.read(words))


@pytest.mark.parametrize(("script", "words", "texts"), TABLE)
def test_what_is_found_of_a_scripts_arguments(script: str, words: list[str], texts: list[str]) -> None:
    assert [fault.text for fault in found(script, words)] == texts


def test_powershell_refuses_what_is_found_and_nothing_else(binder: Binder) -> None:
    errors = binder.errors((script, words) for script, words, _ in TABLE)

    for (script, words, texts), error in zip(TABLE, errors, strict=True):
        assert bool(texts) == bool(error), (script, words, texts, error)


def test_nothing_is_said_of_what_only_powershell_can_tell(binder: Binder) -> None:
    assert [found(script, words) for script, words in SILENT] == [[] for _ in SILENT]
    assert all(binder.errors(SILENT))


@pytest.mark.parametrize(
    ("script", "words", "printed"),
    [
        (SIMPLE, ["-Dayz", "7"], ""),
        (ADVANCED, ["-Dayz", "7"], "A parameter cannot be found that matches parameter name 'Dayz'."),
        (ADVANCED, [], "missing mandatory"),
        (ADVANCED, ["7", "-Force:no"], "System.Management.Automation.SwitchParameter"),
        (ADVANCED, ["7", "medium"], "ValidateSet"),
        (NOTHING_MANDATORY, ["1", "fast", "-Send:$true", "more"], "positional parameter"),
    ],
)
def test_the_same_is_printed_by_file(binder: Binder, script: str, words: list[str], printed: str) -> None:
    done = binder.run(binder.script(script), *words)

    assert done.returncode == bool(printed)
    assert printed in done.stderr


@pytest.mark.parametrize(
    ("script", "words", "remedy", "is_fatal"),
    [
        (ADVANCED, ["7", "-Mod3", "fast"], "Did you mean -Mode?", True),
        (ADVANCED, ["7", "-Qqq"], "The script has -Days, -Mode, -Force, -Send.", True),
        ("[CmdletBinding()] param()", ["-Qqq"], "The script has no parameters.", True),
        (ADVANCED, [], "Add -Days VALUE.", True),
        (ADVANCED, ["7", "medium"], "Write one of: fast, slow.", False),
        (ADVANCED, ["7", "-Force:1"], "Write -Force or -Force:$false.", False),
    ],
)
def test_a_remedy_names_what_is_right(script: str, words: list[str], remedy: str, is_fatal: bool) -> None:
    (fault,) = found(script, words)

    assert (fault.remedy, fault.fatal) == (remedy, is_fatal)


# Of PowerShell's errors, the kinds that are looked for.
KINDS = {
    "NamedParameterNotFound",
    "PositionalParameterNotFound",
    "MissingMandatoryParameter",
    "AmbiguousParameter",
    "MissingArgument",
    "ParameterAlreadyBound",
    "ParameterArgumentValidationError",
    "ParameterArgumentTransformationError",
    "CannotConvertArgument",
}
NAMES = ["Days", "Dir", "Directory", "Mode", "Verb", "Out", "E"]
VALUES = ["a", "b", "c", "7", "true", "$true", "-5", "x:y", "a,b"]
common = st.sampled_from(["-Verbose", "-ea", "-ErrorAction", "-wa:Stop", "-WhatIf", "-Debug:$false", "-ov:x"])
values = st.sampled_from(VALUES)


@st.composite
def parameter(draw: st.DrawFn, name: str) -> str:
    """A parameter as it is written, of no set."""
    options = draw(
        st.lists(st.sampled_from(["Mandatory", "Mandatory = $false", "ValueFromPipeline"]), max_size=1)
    )
    if draw(st.integers(0, 3)) == 0:
        options.append(f"Position = {draw(st.integers(0, 50)) * 10 + NAMES.index(name)}")
    if draw(st.integers(0, 7)) == 0:
        options.append("ValueFromRemainingArguments")
    is_advanced = draw(st.booleans()) or bool(options)
    attributes = [f"[Parameter({', '.join(options)})]"] if is_advanced else []
    kind = draw(st.sampled_from(["", "[string]", "[object]", "[string[]]", "[switch]", "[bool]"]))
    rest = "ValueFromRemainingArguments" in options
    if draw(st.integers(0, 3)) == 0:
        attributes.append(f"[Alias('x{name}', 'Long{name}')]")
    if kind in ("", "[string]", "[string[]]") and draw(st.integers(0, 3)) == 0 and not rest:
        attributes.append("[ValidateSet('a', 'b', 'True')]")
    return f"{' '.join(attributes)}{'' if rest else kind}${name}"


@st.composite
def script(draw: st.DrawFn) -> str:
    """A script that does nothing but take its arguments."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))
    written = [draw(parameter(name)) for name in names]
    while sum("Remaining" in one for one in written) > 1:  # which PowerShell itself finds ambiguous
        written.remove(next(one for one in written if "Remaining" in one))
    options = draw(st.sampled_from([None, None, "", "PositionalBinding = $false", "SupportsShouldProcess"]))
    return f"{'' if options is None else f'[CmdletBinding({options})]'}param({', '.join(written)})"


@st.composite
def word(draw: st.DrawFn) -> list[str]:
    """One or two words: a value, a name, or both; names may be short, misspelt, aliases, or common."""
    name = draw(st.sampled_from([*NAMES, *(f"Long{one}" for one in NAMES), *(f"x{one}" for one in NAMES)]))
    name = draw(st.sampled_from([name, name, name.lower(), name[:3], name[:1], f"{name}z", f"-{name}"]))
    value = draw(values)
    return draw(
        st.sampled_from(
            [
                [value],
                [f"-{name}"],
                [f"-{name}", value],
                [f"-{name}:{value}"],
                [f"-{name}:", value],
                [draw(common)],
            ]
        )
    )


words = st.lists(word(), max_size=4).map(lambda parts: [part for two in parts for part in two])


@settings(
    max_examples=5,
    phases=[Phase.generate],  # making a failing case smaller would take a second a step
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.large_base_example,
        HealthCheck.too_slow,
    ],
)
@given(st.lists(st.tuples(script(), words), min_size=40, max_size=40))
def test_any_script_takes_or_refuses_any_arguments_as_powershell_says(
    binder: Binder, cases: list[tuple[str, list[str]]]
) -> None:
    for (text, given_words), error in zip(cases, binder.errors(cases), strict=True):
        faults = found(text, given_words)
        if not error or error in KINDS:
            assert bool(faults) == bool(error), (text, given_words, faults, error)
