"""Files and paths as only Windows has them, and output in the encodings that it prints in."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tasks.files.atomic_file import write_text
from tasks.interpreters.command import ScriptRefusedError
from tests.windows.test_arguments import Scripts, scripts

__all__ = ["scripts"]


def hold(path: Path, *, share: bool = False) -> int:
    """Open a file as a virus scanner does: nobody may replace it meanwhile."""
    import win32con
    import win32file

    mode = win32con.FILE_SHARE_READ if not share else win32con.FILE_SHARE_READ | win32con.FILE_SHARE_DELETE
    handle = win32file.CreateFile(
        str(path), win32con.GENERIC_READ, mode, None, win32con.OPEN_EXISTING, 0, None
    )
    return int(handle.Detach())


def let_go(handle: int) -> None:
    import win32file

    win32file.CloseHandle(handle)


def test_a_file_that_is_held_briefly_is_replaced_after_that(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_text(path, "old")
    handle = hold(path)
    threading.Timer(0.3, let_go, [handle]).start()

    write_text(path, "new")

    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["status.json"]


def test_a_file_that_is_held_for_good_is_an_error_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_text(path, "old")
    handle = hold(path)

    with pytest.raises(OSError):  # noqa: PT011 - whatever Windows says of it
        write_text(path, "new")

    let_go(handle)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["status.json"]


def test_the_wall_around_scripts_knows_no_upper_and_lower_case(scripts: Scripts) -> None:
    (scripts.folder / "Sub").mkdir()
    (scripts.folder / "Sub" / "A.py").write_text("print('here')", encoding="utf-8")
    scripts.folder = Path(str(scripts.folder).upper())

    assert scripts.run("sub/a.PY").exit_code == 0
    assert scripts.lines == ["here"]


@pytest.mark.parametrize(
    "word", ["C:/Windows/System32/cmd.exe", "..\\outside.py", "\\\\127.0.0.1\\share\\a.py"]
)
def test_nothing_outside_of_the_wall_is_started(scripts: Scripts, word: str) -> None:
    (scripts.folder / "scripts").mkdir()
    (scripts.folder / "outside.py").write_text("print('outside')", encoding="utf-8")
    scripts.folder = scripts.folder / "scripts"

    with pytest.raises(ScriptRefusedError, match=r"leads (out of|nowhere)"):
        scripts.run(word)


@pytest.mark.parametrize("name", ["con.py", "NUL.py", "aux.py"])
@pytest.mark.real_windows("its file system lets files have these names")
def test_reserved_names_are_refused_or_missing(scripts: Scripts, name: str) -> None:
    from tasks.interpreters.command import ScriptMissingError

    with pytest.raises((ScriptRefusedError, ScriptMissingError)):
        scripts.run(name)


@pytest.mark.real_windows("it cannot tell the final path of so long a one (error 234)")
def test_a_path_longer_than_260_characters_is_started(scripts: Scripts) -> None:
    folder = scripts.folder
    while len(str(folder)) < 270:
        folder = folder / "a folder with a long name"
    deep = Path(f"\\\\?\\{folder}")
    deep.mkdir(parents=True)
    (deep / "a.py").write_text("print('deep')", encoding="utf-8")

    ended = scripts.run(str(folder.relative_to(scripts.folder) / "a.py"))

    assert (ended.exit_code, scripts.lines) == (0, ["deep"])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "상태: 정상 ✓"),
        ("utf-8-sig", "상태: 정상 ✓"),
        ("utf-16", "상태: 정상 ✓"),
        ("oem", "plain"),
    ],
)
def test_output_is_read_in_the_encoding_that_it_has(scripts: Scripts, encoding: str, text: str) -> None:
    data = f"{text}\r\nsecond line\r\n".encode(encoding)
    (scripts.folder / "prints.py").write_text(
        f"import sys; sys.stdout.buffer.write({data!r})", encoding="utf-8"
    )

    scripts.run("prints.py")

    assert scripts.lines == [text, "second line"]


def test_output_of_the_console_is_read_in_its_code_page(scripts: Scripts) -> None:
    letter = bytes([0xE1]).decode("oem", "replace")  # a byte that is not UTF-8
    (scripts.folder / "says.bat").write_bytes(b"@echo caf\xe1\r\n")

    scripts.run("says.bat")

    assert scripts.lines[0] in (f"caf{letter}", "caf" + b"\xe1".decode("mbcs", "replace"))
