"""Where a script is, what runs it, and the wall around scripts_dir."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.interpreters.command import ScriptMissingError, ScriptRefusedError, command, environment, locate
from tasks.process.own_variables import set_own
from tasks.settings import prefect_defaults
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tests.wine import is_wine

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions and shells")


class House:
    """A scripts folder with a script in it, and one outside."""

    def __init__(self, folder: Path) -> None:
        self.scripts = folder / "scripts"
        self.outside = folder / "outside"
        self.inside = self.file(self.scripts / "sub" / "inside.py")
        self.secret = self.file(self.outside / "deep" / "secret.py")
        # Its path begins as the scripts folder's does, and is another all the same.
        self.twin = self.file(folder / "scripts2" / "twin.py")

    def file(self, path: Path, mode: int = 0o644) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        path.chmod(mode)
        return path

    def settings(self, **changed: Any) -> Settings:
        groups = {"a": {"every": "5m", "steps": ["check_health"]}}
        return Settings.model_validate({"groups": groups, "scripts_dir": self.scripts, **changed})

    def locate(self, word: str | Path, *allow: Path) -> Path:
        return locate(step(str(word), name="a step"), self.settings(allow=allow))

    def command(self, *run: str, python: str | None = None) -> list[str]:
        settings = self.settings(python=python)
        return command(step(*run), locate(step(*run), settings), settings)


def step(*run: str, **options: Any) -> StepSettings:
    return StepSettings.model_validate({"run": list(run), **options})


def link(path: Path, target: Path) -> Path:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:  # pragma: no cover - Windows without the right to make links
        pytest.skip("this user may not make links here")
    if is_wine() and not path.is_symlink():
        pytest.skip("Wine: it makes no links, and says that it did")
    return path


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path.resolve())


# The wall


@pytest.mark.parametrize("word", ["sub/inside.py", "./sub/inside.py", "sub/../sub/inside.py"])
def test_a_script_below_scripts_dir_is_found(word: str, house: House) -> None:
    assert house.locate(word).samefile(house.inside)


def test_a_whole_path_that_leads_inside_is_found(house: House) -> None:
    assert house.locate(house.inside) == house.inside


@pytest.mark.parametrize(
    "word",
    [
        "../outside/deep/secret.py",
        "sub/../../outside/deep/secret.py",
        "../scripts2/twin.py",
        "../outside/not_even_there.py",
        "../../../../../../../../etc/passwd",
        "{outside}/deep/secret.py",
        "~/secret.py",
    ],
)
def test_what_leads_out_of_scripts_dir_is_refused(
    word: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(house.outside / "deep"))

    with pytest.raises(ScriptRefusedError, match=r"leads out of .*list .* in `allow`"):
        house.locate(word.replace("{outside}", str(house.outside)))


def test_a_link_to_a_file_outside_is_refused(house: House) -> None:
    link(house.scripts / "link.py", house.secret)

    with pytest.raises(ScriptRefusedError, match=r"link\.py leads out of"):
        house.locate("link.py")


def test_a_link_to_a_folder_outside_is_refused(house: House) -> None:
    link(house.scripts / "linked", house.outside)

    with pytest.raises(ScriptRefusedError, match="leads out of"):
        house.locate("linked/deep/secret.py")


def test_a_link_that_stays_inside_is_started_by_its_own_name(house: House) -> None:
    links = link(house.scripts / "link.py", house.inside), link(house.scripts / "linked", house.inside.parent)

    assert house.locate("link.py") == links[0]
    assert house.locate("linked/inside.py") == links[1] / "inside.py"


def test_scripts_dir_may_itself_be_a_link(house: House, tmp_path: Path) -> None:
    linked = link(tmp_path / "linked", house.scripts)
    settings = house.settings(scripts_dir=linked)

    assert locate(step("sub/inside.py"), settings) == linked / "sub" / "inside.py"
    with pytest.raises(ScriptRefusedError):
        locate(step("../outside/deep/secret.py"), settings)


def test_what_is_in_allow_may_lie_outside(house: House) -> None:
    link(house.scripts / "link.py", house.secret)
    for allowed in (house.secret, house.secret.parent, house.outside):
        assert house.locate(house.secret, allowed) == house.secret
        assert house.locate("../outside/deep/secret.py", allowed).samefile(house.secret)
        assert house.locate("link.py", allowed) == house.scripts / "link.py"


def test_allow_lets_nothing_else_out(house: House) -> None:
    other = house.file(house.outside / "other.py")
    link(house.outside / "deep" / "back.py", other)

    with pytest.raises(ScriptRefusedError):
        house.locate(other, house.secret)
    with pytest.raises(ScriptRefusedError):
        house.locate("../outside/deep/back.py", house.secret.parent)


def test_a_script_that_is_not_there_is_missing_not_refused(house: House) -> None:
    with pytest.raises(ScriptMissingError, match=r"there is no .*none\.py"):
        house.locate("none.py")


def test_a_folder_is_no_script(house: House) -> None:
    (house.scripts / "folder.py").mkdir()

    with pytest.raises(ScriptRefusedError, match="is a folder, not a script"):
        house.locate("folder.py")
    with pytest.raises(ScriptRefusedError, match="is a folder, not a script"):
        house.locate("./")


@pytest.mark.parametrize("word", ["x" * 5000 + ".py", "~nobody_of_this_name/x.py", "loop.py"])
def test_what_leads_nowhere_is_told_and_no_fault(word: str, house: House) -> None:
    link(house.scripts / "loop.py", house.scripts / "loop.py")

    with pytest.raises(
        (ScriptRefusedError, ScriptMissingError), match=r"leads nowhere|there is no|leads out"
    ):
        house.locate(word)


# What runs it


def test_a_python_script_is_run_by_our_own_python(house: House) -> None:
    assert house.command("sub/inside.py", "a b", "$c") == [
        sys.executable,
        str(house.inside),
        "a b",
        "$c",
    ]


def test_a_named_python_is_taken_the_steps_before_the_files(house: House, tmp_path: Path) -> None:
    suffix = ".exe" if sys.platform == "win32" else ""
    files, steps = (house.file(tmp_path / f"{name}{suffix}", 0o755) for name in ("files", "steps"))

    assert house.command("sub/inside.py", python=str(files))[0] == str(files)
    own = step("sub/inside.py", python=str(steps))
    assert command(own, house.inside, house.settings(python=str(files))) == [str(steps), str(house.inside)]


@pytest.mark.parametrize("ending", [".PY", ".py"])
def test_endings_count_in_either_case(ending: str, house: House) -> None:
    script = house.file(house.scripts / f"backup{ending}")

    assert house.command(f"backup{ending}") == [sys.executable, str(script)]


@posix_only
def test_a_shell_script_is_run_by_a_shell(house: House) -> None:
    script = house.file(house.scripts / "backup.sh")

    argv = house.command("backup.sh", "-x")

    assert argv == [shutil.which("bash") or shutil.which("sh"), str(script), "-x"]


@posix_only
def test_what_has_no_ending_is_run_by_itself_if_it_is_executable(house: House) -> None:
    script = house.file(house.scripts / "backup", 0o755)
    script.write_bytes(b"\x7fELF\2\1\1\0")

    assert house.command("./backup", "x") == [str(script), "x"]


@posix_only
def test_what_has_no_ending_and_is_not_executable_is_refused(house: House) -> None:
    house.file(house.scripts / "backup", 0o644)

    with pytest.raises(
        ScriptRefusedError, match=r"backup is not executable; make it so, or give it a suffix"
    ):
        house.command("./backup")


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("backup.ps1", "pwsh or powershell"),
        ("backup.sh", "bash or sh"),
        ("backup.bat", "cmd.exe"),
        ("backup.cmd", "cmd.exe"),
    ],
)
def test_an_interpreter_that_is_not_there_is_named(
    name: str, needs: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.file(house.scripts / name)
    monkeypatch.setenv("PATH", str(house.outside))
    monkeypatch.chdir(house.outside)

    with pytest.raises(ScriptRefusedError) as caught:
        house.command(name)
    assert str(caught.value) == f"{name} needs {needs}, which is not installed or not in PATH"


def test_a_named_python_that_is_not_there_is_named(house: House) -> None:
    with pytest.raises(ScriptRefusedError, match=r"inside\.py needs python9\.99, which is not installed"):
        house.command("sub/inside.py", python="python9.99")


def test_a_virtual_environment_is_named_by_its_folder(house: House, tmp_path: Path) -> None:
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    interpreter = house.file(tmp_path / "venv" / inside, 0o755)

    assert house.command("sub/inside.py", python=str(tmp_path / "venv"))[0] == str(interpreter)
    with pytest.raises(ScriptRefusedError, match="is a folder without a Python in it"):
        house.command("sub/inside.py", python=str(tmp_path))


def test_a_python_may_be_named_with_its_options(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    argv = house.command("sub/inside.py", python=f"{Path(sys.executable).name} -X dev")

    assert argv[1:] == ["-X", "dev", str(house.inside)]


@posix_only
def test_powershell_is_told_to_ask_nothing_and_read_no_profile(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = house.file(house.scripts / "backup.ps1")
    shell = house.file(tmp_path / "bin" / "powershell", 0o755)
    monkeypatch.setenv("PATH", str(shell.parent))
    options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"]

    argv = house.command("backup.ps1", "-Days", "7", "", 'a "quote"', "한글 $x & y\\")

    runs = Path(argv[7])
    assert runs.read_text(encoding="ascii")  # Windows PowerShell reads a file without a mark in the code page
    words = [".-Days", ".7", ".", '.a "quote"', ".한글 $x & y\\"]
    assert argv == [str(shell), *options, str(runs), str(script), *words]
    found = environment(step("backup.ps1"), script, {"PSModulePath": "C:/other", "PATH": "/bin"})
    del found["RHYTHM_CONFIG"]
    assert (Path(found.pop("TERMINFO")) / "r" / found.pop("TERM")).exists()
    assert found == {"PATH": "/bin", "NO_COLOR": "1", "DOTNET_TieredPGO": "0"}
    newer = house.file(tmp_path / "bin" / "pwsh", 0o755)
    assert house.command("backup.ps1")[0] == str(newer)


# Its environment


def given(script: str, base: dict[str, str], **env: str) -> dict[str, str]:
    """What a script is given, without the variables that lead to its rhythm."""
    found = environment(step(script, env=env), Path(script), base)
    return {name: value for name, value in found.items() if not name.startswith("RHYTHM_")}


def test_a_script_has_the_accounts_environment_and_the_steps_own_on_top() -> None:
    base = {"PATH": "/bin", "LANG": "C", "PREFECT_API_URL": "http://x", "PREFECT__FLOW_RUN_ID": "1"}

    assert given("a.sh", base, LANG="ko_KR") == {
        "PATH": "/bin",
        "LANG": "ko_KR",
        "PREFECT_API_URL": "http://x",
    }


def test_what_rhythm_sets_for_its_own_prefect_does_not_reach_a_script_but_what_its_user_has_set_does() -> (
    None
):
    base: dict[str, str] = {"PREFECT_WORKER_QUERY_SECONDS": "7", "JOURNAL_STREAM": "8:1"}
    prefect_defaults.apply(base, Path(__file__).parent)
    set_own({"PREFECT_API_URL": "http://x/api"}, base)
    assert base["PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"]

    assert given("a.sh", base) == {"PREFECT_WORKER_QUERY_SECONDS": "7"}


def test_a_script_finds_its_rhythm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = {"RHYTHM_CONFIG": str(tmp_path / "other.toml")}
    set_own({"PREFECT_API_URL": "http://x/api"}, base)

    found = environment(step("a.sh"), Path("a.sh"), base)

    assert found == {
        "RHYTHM_CONFIG": str(tmp_path.resolve() / "other.toml"),
        "RHYTHM_API_URL": "http://x/api",
    }


def test_python_scripts_print_at_once_and_every_character_unless_the_account_wants_it_otherwise() -> None:
    on_windows = {"PYTHONIOENCODING": "utf-8"} if sys.platform == "win32" else {}

    assert given("a.py", {}) == {"PYTHONUNBUFFERED": "1", **on_windows}
    assert given("a.py", {"PYTHONUNBUFFERED": ""})["PYTHONUNBUFFERED"] == ""
    assert given("a.py", {}, PYTHONIOENCODING="cp949")["PYTHONIOENCODING"] == "cp949"
    assert given("a.sh", {}) == {}


@pytest.mark.parametrize("ignore_case", [True, False])
def test_a_steps_path_replaces_ours_where_case_is_ignored(ignore_case: bool) -> None:
    found = environment(
        step("a.sh", env={"Path": "D:/tools"}), Path("a.sh"), {"PATH": "/bin"}, ignore_case=ignore_case
    )

    del found["RHYTHM_CONFIG"]
    assert found == {"Path": "D:/tools"} | ({} if ignore_case else {"PATH": "/bin"})


def test_without_another_the_environment_is_this_processs() -> None:
    assert environment(step("a.sh"), Path("a.sh"))["PATH"] == os.environ["PATH"]
