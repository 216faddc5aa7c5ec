"""The two readers of `param` blocks, that of the grammar and PowerShell's own, held against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.adopt.sources.text_encoding import decode
from deployments.script_check import param_block
from deployments.script_check.outline import outline
from deployments.script_check.parameters import Membership, Parameter
from tasks.settings.project import PROJECT
from tests.deployments.script_check.binder import Binder
from tests.deployments.script_check.test_binding import SILENT, TABLE

BLOCKS = [
    "param($A = @{ x = 1 }, $B = (Get-Date), $C = \"$(1)\", $D = { param($E) })",
    "param([Parameter(Mandatory = $true, Position = 0, HelpMessage = \"What\")] [string] $A)",
    "param([Parameter(Mandatory = 1)]$A, [Parameter(Mandatory = $false)]$B)",
    "param([Parameter(ParameterSetName = 'a')][Parameter(ParameterSetName = 'b', Mandatory)]$A, $B)",
    "param([parameter(mandatory, parametersetname = '__AllParameterSets')]$A)",
    "param([System.Management.Automation.SwitchParameter]$A, [Switch]$B, [System.String]$C, [Boolean]$D)",
    "param([ValidateSet('a', \"b\", 3)]$A, [ValidateSet('it''s', IgnoreCase = $false)][string]$B)",
    "param([ValidateSet('a', 'b')]$A, [ValidateNotNull()][ValidateLength(1, 3)]$B)",
    "param([Alias('a', 'b')][Alias('c')][int[]]$D, [Nullable[int]]$E, [Collections.Generic.List[string]]$F)",
    "[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]param()",
    "[CmdletBinding(SupportsPaging = $true, PositionalBinding = $false)]param($A)",
    "[System.Management.Automation.CmdletBindingAttribute()]param([ParameterAttribute(Mandatory)]$A)",
    "[OutputType([int])][CmdletBinding()]\n[Diagnostics.CodeAnalysis.SuppressMessage('a', 'b')]\nparam($A)",
    "[CmdletBinding()]param(\n# first\n$A, # second\n<# third #>\n$B\n)",
    "param(\n\t[ValidateScript({ $_ -gt 3 })]\n\t[ArgumentCompleter({ 'a' })]\n\t$A,\n\t${B C}\n)",
    "param([Parameter(ValueFromPipeline)]$A, [Parameter(ValueFromRemainingArguments = $true)]$B)",
    "param([switch]$A, $B, [switch]$C, $D)",
    "param(\r\n$A,\r\n$B\r\n)\r\n'x'",
    "param($이름, $Größe)",
    "PARAM($A)",
    "param ($A)",
    "param\n(\n$A\n)",
]  # fmt: skip


def scripts() -> list[str]:
    """All scripts of the project, those of the tests of arguments, and the blocks above, each once."""
    files = [path for path in sorted(PROJECT.rglob("*.ps1")) if ".git" not in path.parts]
    texts = [decode(path.read_bytes()) for path in files]
    return list(dict.fromkeys([*texts, *BLOCKS, *(case[0] for case in TABLE), *(case[0] for case in SILENT)]))


def test_the_grammar_reads_what_powershell_reads(binder: Binder) -> None:
    texts = scripts()
    assert len(texts) >= 60

    for text, parsed in zip(texts, binder.parsed(texts), strict=True):
        found = outline(text.replace("\r\n", "\n"))
        read = None if found.block is None else param_block.read(found.block)
        if found.fault is None and read is not None:  # what it cannot read, it may leave
            assert read == parsed.parameters, text
        assert not found.fault or any(fault.fatal for fault in parsed.faults), text


@pytest.mark.parametrize("text", BLOCKS)
def test_every_block_is_read_without_powershell(text: str) -> None:
    found = outline(text.replace("\r\n", "\n"))

    assert found.block
    assert param_block.read(found.block) is not None


@pytest.mark.parametrize(
    "block",
    [
        "param([Parameter(Mandatory = $x)]$A)",
        "param([Parameter(Position = 'first')]$A)",
        "param([Alias(\"$x\")]$A)",
        "[Experimental('x', 'Show')]param($A)",
        "param($A $B)",
        "param($A,)",
    ],
)  # fmt: skip
def test_what_cannot_be_determined_is_left(block: str) -> None:
    assert param_block.read(block) is None


def test_a_parameter_is_all_that_is_written_of_it() -> None:
    block = "param([Parameter(Mandatory, Position = 2)][Alias('b')][ValidateSet('x')][string]$A, [switch]$C)"

    found = param_block.read(block)

    assert found is not None
    assert found.advanced
    assert found.declared == (
        Parameter("A", "text", ("b",), (Membership("", True, 2),), ("x",)),
        Parameter("C", "switch"),
    )


def test_all_scripts_of_powershell_itself_are_read(binder: Binder) -> None:
    """Strangers' scripts: those of PowerShell's own modules."""
    folder = binder.program.resolve().parents[1]
    paths = [path for ending in ("ps1", "psm1") for path in sorted(folder.rglob(f"*.{ending}"))]

    for path, parsed in zip(paths, binder.parsed_files(paths), strict=True):
        assert outline(_text(path)).fault is None, path
        assert not any(fault.fatal for fault in parsed.faults), path


def _text(path: Path) -> str:
    return decode(path.read_bytes()).replace("\r\n", "\n")
