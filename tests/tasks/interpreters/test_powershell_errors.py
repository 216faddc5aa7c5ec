"""What is made of the file in which a PowerShell script's errors arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.interpreters.powershell_errors import error_file
from tasks.interpreters.script_kind import ErrorRecord, Errors
from tasks.process.output import MAX_LINE
from tasks.redaction.redactor import Redactor

TRACE = r"at <ScriptBlock>, C:\scripts\weekly.ps1: line 12"


def _read(text: str | bytes | None, *secrets: str) -> Errors:
    with error_file(Path("weekly.ps1")) as file:
        (path,) = map(Path, file.environment.values())
        if text is not None:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return file.read(Redactor(secrets))


def _file(cause: str, *records: tuple[str, ...]) -> str:
    return "\x1e".join([cause, *("\x1f".join(record) for record in records)])


def test_a_file_that_was_never_written_has_no_errors() -> None:
    assert _read(None) == Errors()


def test_a_record_has_place_message_and_detail() -> None:
    found = _read(_file("error", (r"C:\scripts\weekly.ps1", "12", "gone", "gone\nIOException", TRACE)))

    assert found == Errors((ErrorRecord("weekly.ps1:12", "gone", f"gone\nIOException\n{TRACE}"),), "error")


@pytest.mark.parametrize(
    ("script", "trace", "place"),
    [
        ("", TRACE, "weekly.ps1:12"),
        ("", "위치: <ScriptBlock>, C:\\한글\\주간.ps1: 줄 7", "주간.ps1:7"),
        ("", "at f, /a/tools.psm1: line 3\nat <ScriptBlock>, /a/b.ps1: line 9", "tools.psm1:3"),
        ("", "at <ScriptBlock>, <No file>: line 1", "<No file>:1"),
        ("", "", "weekly.ps1"),
        ("/a/b.ps1", "", "b.ps1:0"),
    ],
)
def test_where_a_record_has_no_script_its_stack_says_the_place(script: str, trace: str, place: str) -> None:
    (record,) = _read(_file("", (script, "0", "gone", "gone", trace))).records

    assert record.place == place


def test_a_record_that_powershell_passed_on_counts_once() -> None:
    record = ("/a.ps1", "1", "x", "x", "")

    assert len(_read(_file("", record, record, ("/a.ps1", "2", "x", "x", ""))).records) == 2


@pytest.mark.parametrize("text", ["", "error", "error\x1e", "error\x1ehalf\x1fa record", b"\xff\xfe\x1e\x80"])
def test_a_broken_file_has_no_records(text: str | bytes) -> None:
    assert _read(text).records == ()


def test_a_record_is_bounded_and_without_secrets_however_it_is_cut() -> None:
    message = "x" * (MAX_LINE - 3) + "hunter2" + "y" * 2_000_000

    found = _read(
        _file("", ("/a.ps1", "1", message, "", ""), ("/a.ps1", "2", "hunter2", "hunter2", "")), "hunter2"
    )

    assert found.records == ()
    (record,) = _read(
        _file("", ("/a.ps1", "1", message[:MAX_LINE], message[: 2 * MAX_LINE], "")), "hunter2"
    ).records
    assert "hunter" not in record.message + record.detail
    assert len(record.message) <= MAX_LINE
    assert len(record.detail) <= MAX_LINE


def test_the_file_and_its_folder_are_gone_afterwards() -> None:
    with error_file(Path("weekly.ps1")) as file:
        (path,) = map(Path, file.environment.values())
        path.touch()

    assert not path.parent.exists()


RECORD = ErrorRecord("weekly.ps1:12", "gone", "gone")


@pytest.mark.parametrize(
    ("errors", "reason", "message"),
    [
        (Errors(), "", "exit code 3"),
        (Errors(), "no such host", "exit code 3: no such host"),
        (Errors((RECORD,), "error"), "At line:1", "exit code 3: weekly.ps1:12 gone"),
        (Errors((RECORD,)), "", "exit code 3: last error: weekly.ps1:12 gone"),
        (
            Errors((), "program"),
            "",
            "exit code 3 (of the last program or script it called, or of an `exit` in a module; "
            "end it with `exit 0` if a program's is fine)",
        ),
    ],
)
def test_a_script_is_explained_by_its_code_and_its_newest_record_or_else_by_what_it_printed(
    errors: Errors, reason: str, message: str
) -> None:
    assert errors.explain("exit code 3", reason) == message
