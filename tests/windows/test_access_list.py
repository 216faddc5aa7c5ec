"""Folders that only this account, the system and administrators may open, on Windows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployments.cli import check
from tasks.files import private, private_tree, report_file
from tasks.files.repaired import Repaired
from tests.conftest import MakeSettings
from tests.deployments.command_line import VALID

SYSTEM, ADMINISTRATORS, EVERYBODY = "S-1-5-18", "S-1-5-32-544", "S-1-1-0"

keeps_lists = pytest.mark.real_windows(
    "its access lists are made up from the modes of POSIX, and inherited by none"
)


def account() -> str:
    """The number (SID) of the account that runs the tests."""
    import win32api
    import win32con
    import win32security

    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    found: str = win32security.ConvertSidToStringSid(
        win32security.GetTokenInformation(token, win32security.TokenUser)[0]
    )
    return found


def listed(path: Path) -> dict[str, int]:
    """What each account on a file's or folder's access list may do."""
    import win32security

    found = win32security.GetNamedSecurityInfo(
        str(path), win32security.SE_FILE_OBJECT, win32security.DACL_SECURITY_INFORMATION
    ).GetSecurityDescriptorDacl()
    entries = [found.GetAce(index) for index in range(found.GetAceCount())]
    return {win32security.ConvertSidToStringSid(sid): rights for _, rights, sid in entries}


def is_protected(path: Path) -> bool:
    """Whether a folder inherits nothing from the one above it."""
    import win32security

    control, _ = win32security.GetNamedSecurityInfo(
        str(path), win32security.SE_FILE_OBJECT, win32security.DACL_SECURITY_INFORMATION
    ).GetSecurityDescriptorControl()
    return bool(control & win32security.SE_DACL_PROTECTED)


def allow_everybody(path: Path) -> None:
    """Let everybody read a folder and all that will be in it."""
    import ntsecuritycon
    import win32security

    dacl = win32security.ACL()
    inherited = win32security.CONTAINER_INHERIT_ACE | win32security.OBJECT_INHERIT_ACE
    for sid, rights in (
        (account(), ntsecuritycon.FILE_ALL_ACCESS),
        (EVERYBODY, ntsecuritycon.FILE_GENERIC_READ),
    ):
        dacl.AddAccessAllowedAceEx(
            win32security.ACL_REVISION, inherited, rights, win32security.ConvertStringSidToSid(sid)
        )
    win32security.SetNamedSecurityInfo(
        str(path),
        win32security.SE_FILE_OBJECT,
        win32security.DACL_SECURITY_INFORMATION,
        None,
        None,
        dacl,
        None,
    )


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """outputs_dir below a folder that everybody may read."""
    above = tmp_path / "above"
    above.mkdir()
    allow_everybody(above)
    return above / "outputs"


def test_nobody_else_is_on_the_list_of_a_folder_that_is_made(outputs: Path) -> None:
    private.make_folder(outputs / "logs")

    for folder in (outputs, outputs / "logs"):
        assert account() in listed(folder)
        assert set(listed(folder)) <= {account(), SYSTEM, ADMINISTRATORS}


def test_what_is_made_in_it_can_be_used(outputs: Path) -> None:
    private.make_folder(outputs)
    report_file.write(outputs / "logs" / "today.md", "# Today\n")
    with private.open_file(outputs / "logs" / "rhythm.log", "ab") as log:
        log.write(b"one\r\n")

    assert (outputs / "logs" / "today.md").read_text(encoding="utf-8") == "# Today\n"
    assert (outputs / "logs" / "rhythm.log").read_bytes() == b"one\r\n"


def test_a_folder_that_is_there_or_cannot_be_made_is_an_os_error(outputs: Path) -> None:
    from tasks.files import access_list

    private.make_folder(outputs)

    with pytest.raises(FileExistsError):
        access_list.make_folder(outputs)
    with pytest.raises(FileNotFoundError):
        access_list.make_folder(outputs / "missing" / "below")


def test_a_folder_of_this_account_is_its_own(outputs: Path) -> None:
    private.make_folder(outputs)

    assert private_tree.shared(outputs, []) == ""
    assert private_tree.shared(Path(os.environ["SYSTEMDRIVE"] + "\\"), [Path.home()]).startswith("holds ")


def test_a_folder_that_was_made_so_is_in_order(outputs: Path) -> None:
    private.make_folder(outputs / "logs")

    assert private_tree.repair(outputs) == Repaired()


@keeps_lists
def test_a_new_folder_and_what_is_in_it_are_for_three_accounts_alone(outputs: Path) -> None:
    import ntsecuritycon

    private.make_folder(outputs)
    (outputs / "logs").mkdir()
    report_file.write(outputs / "logs" / "today.md", "# Today\n")

    full = dict.fromkeys((account(), SYSTEM, ADMINISTRATORS), ntsecuritycon.FILE_ALL_ACCESS)
    for path in (outputs, outputs / "logs", outputs / "logs" / "today.md"):
        assert listed(path) == full
    assert is_protected(outputs)


@keeps_lists
def test_a_folder_that_is_there_is_repaired_with_all_below_it_and_counted_once(outputs: Path) -> None:
    (outputs / "logs").mkdir(parents=True)
    (outputs / "logs" / "rhythm.log").touch()
    assert EVERYBODY in listed(outputs / "logs" / "rhythm.log")

    assert private_tree.repair(outputs) == Repaired(files=1, folders=2)

    for path in (outputs, outputs / "logs", outputs / "logs" / "rhythm.log"):
        assert set(listed(path)) == {account(), SYSTEM, ADMINISTRATORS}
    assert is_protected(outputs)
    assert private_tree.repair(outputs) == Repaired()


@keeps_lists
def test_what_was_left_open_is_said_once(
    outputs: Path, make_settings: MakeSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs.mkdir()
    settings = make_settings(f"outputs_dir = {outputs.as_posix()!r}" + VALID)

    check.ready(settings)
    check.ready(settings)

    assert capsys.readouterr().err == (
        f"warning: made 0 files and 1 folder below {outputs} private: "
        "other accounts of this machine could read them\n"
    )


@keeps_lists
def test_a_folder_of_another_account_is_not_its_own() -> None:
    assert private_tree.shared(Path(os.environ["SYSTEMROOT"]), []) == "belongs to another account"
