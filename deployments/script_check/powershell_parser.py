"""Reads scripts by the machine's own PowerShell, which parses them and runs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.script_check.fault import Fault
from deployments.script_check.parameters import Attribute, Declared, Parameters, parameters
from deployments.script_check.program import ProgramError
from deployments.script_check.questions import ask

_PARSE = Path(__file__).with_name("parse.ps1")
_OPTIONS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")
#: Errors of one script that are reported: those behind them mostly follow from them.
_ERRORS = 3
_UNMET = {
    "Version": ("needs PowerShell {wanted}, which this one is not", "Install that version."),
    "PSEdition": ("needs PowerShell's edition {wanted}", "Install that edition."),
    "RunAsAdministrator": ("needs an administrator", "Run Rhythm with an account that is one."),
    "Modules": ("needs the module {wanted}", "Install it for the account that Rhythm runs as."),
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A script as PowerShell reads it. `parameters` is None if only running it would show them."""

    faults: tuple[Fault, ...]
    parameters: Parameters | None


@dataclass(frozen=True, slots=True)
class ParsedScripts:
    """The version of PowerShell, and the scripts that it read."""

    version: int
    scripts: dict[Path, Parsed]


def parse(program: str, paths: Sequence[Path], env: Mapping[str, str]) -> ParsedScripts:
    """Read all scripts with one PowerShell.

    Raises:
        ProgramError: it gave no answer.
    """
    version, *answers = ask([program, *_OPTIONS, str(_PARSE)], paths, env)
    if len(answers) != len(paths):
        raise ProgramError(f"read {len(answers)} of {len(paths)} scripts")
    return ParsedScripts(version, {path: _parsed(found) for path, found in zip(paths, answers, strict=True)})


def _parsed(found: dict[str, Any]) -> Parsed:
    if failed := found.get("failed"):
        return Parsed((Fault(f"PowerShell cannot read it ({failed})", "See that it can.", 1),), None)
    errors = [
        Fault(f"syntax error: {_one_line(error['text'])}", "Correct it.", error["line"], fatal=True)
        for error in found["errors"][:_ERRORS]
    ]
    unmet = [
        Fault(text.format(wanted=one["wanted"]), f"{remedy} Its #requires says so.", one["line"])
        for one in found["unmet"]
        for text, remedy in [_UNMET[one["name"]]]
    ]
    block = found["block"]
    is_clear = not errors and not found["dynamic"]
    declared = [
        Declared(one["name"], _attributes(one["attributes"]), tuple(one["types"]))
        for one in block["declared"]
    ]
    return Parsed(
        (*errors, *unmet), parameters(_attributes(block["attributes"]), declared) if is_clear else None
    )


def _attributes(found: list[dict[str, Any]]) -> tuple[Attribute, ...]:
    return tuple(Attribute(one["name"], tuple(one["values"]), one["named"]) for one in found)


def _one_line(message: str) -> str:
    return " ".join(message.split()).rstrip(".")
