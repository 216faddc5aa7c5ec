"""Scripts run by what their first line names: compared with the kernel itself, and with sh."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.interpreters import shebang
from tasks.interpreters.command import command, environment, kind_of, locate
from tasks.interpreters.python import PYTHON
from tasks.interpreters.script_kind import ScriptRefusedError
from tasks.interpreters.shebang import READ, Shebang, parse
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tests.waiting import LIMIT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shebangs of its own")

End = tuple[int, str, str]


class Folder:
    """A folder of scripts, each run as a step is started, and as its owner would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        groups = {"a": {"every": "5m", "steps": ["check_health"]}}
        self.settings = Settings.model_validate({"groups": groups, "scripts_dir": path})

    def write(self, name: str, text: str | bytes, mode: int = 0o755) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def argv(self, *run: str, **options: Any) -> list[str]:
        step = StepSettings.model_validate({"run": list(run), **options})
        return command(step, locate(step, self.settings), self.settings)

    def step(self, *run: str, **options: Any) -> End:
        step = StepSettings.model_validate({"run": list(run), **options})
        return end_of(self.argv(*run, **options), self.path, environment(step, locate(step, self.settings)))

    def bare(self, name: str, *args: str) -> End:
        """As sh starts it: by execve, and by itself what the kernel does not take."""
        words = " ".join(map(str, [self.path / name, *args]))
        return end_of(["/bin/sh", "-c", words], self.path, os.environ)


def end_of(argv: Sequence[str], folder: Path, env: Any) -> End:
    done = subprocess.run(  # noqa: S603 - a test's own script
        argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


ENV = shutil.which("env") or "/usr/bin/env"

#: Scripts by their name, each of which behaves otherwise than by its suffix alone.
SCRIPTS: dict[str, str | bytes] = {
    "fails.sh": "#!/bin/bash -e\nfalse\necho goes on\n",
    "dash.sh": '#!/bin/sh\necho -e "a\\tb"\n[ -n "$BASH_VERSION" ] && echo bash\nexit 3\n',
    "perl.sh": '#!/usr/bin/perl -w\nprint "$0 @ARGV\\n"; exit 4;\n',
    "by_env.sh": "#!/usr/bin/env python3\nimport sys; print(sys.argv); sys.exit(5)\n",
    "split.sh": "#!/usr/bin/env -S python3 -E -s\nimport sys; print(sys.flags.no_user_site, sys.argv)\n",
    "assigns.sh": '#!/usr/bin/env -S A=b\\_c sh\necho "$A $0 $*"\n',
    "blanks.sh": '#! \t/bin/sh \t -u \t\necho "$-" "$nothing"\n',
    "no_line": 'echo "$0 $*"; [ -z "$BASH_VERSION" ] || echo bash; exit 6\n',
    "other.job": "#!/bin/sh\necho other\n",
    "empty": "",
    "empty_line": "#!\necho sh\n",
    "data_behind": b"#!/bin/sh\nexit 7\n\0\1\2",
    "awk": '#!/usr/bin/awk -f\nBEGIN { print "awk", ARGV[1]; exit 8 }\n',
    "nested": "#!{folder}/other.job\n",
    "node.sh": "#!/usr/bin/env node\nconsole.log(process.argv.slice(2)); process.exit(9)\n",
    "crlf_behind.sh": b"#!/bin/sh\necho a\r\n",
}
NEEDS = {"perl.sh": "perl", "node.sh": "node", "fails.sh": "bash", "awk": "awk"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_ends_and_prints_as_it_does_by_itself(name: str, folder: Folder) -> None:
    if (program := NEEDS.get(name)) and not shutil.which(program):
        pytest.skip(f"there is no {program}")
    for each, text in SCRIPTS.items():
        written = text.replace("{folder}", str(folder.path)) if isinstance(text, str) else text
        folder.write(each, written)

    assert folder.step(f"./{name}", "a", "b*") == folder.bare(name, "a", "'b*'")


@pytest.mark.parametrize("name", ["fails.sh", "split.sh", "assigns.sh", "blanks.sh", "other.job"])
def test_what_is_not_executable_is_started_by_the_same_words(name: str, folder: Folder) -> None:
    path = folder.write(name, SCRIPTS[name])
    expected = folder.bare(name, "a")
    path.chmod(0o644)

    assert folder.step(f"./{name}", "a") == expected


def test_a_python_script_runs_in_the_virtual_environment_of_its_first_line(folder: Folder) -> None:
    venv = pytest.importorskip("venv", reason="an embeddable Python has none")
    venv.create(folder.path / "own", symlinks=True)
    python = folder.path / "own" / "bin" / "python"
    folder.write("job.py", f"#!{python}\nimport sys; print(sys.prefix)\n", 0o644)

    assert folder.step("job.py") == (0, f"{folder.path / 'own'}\n", "")


def test_a_named_python_is_preferred_to_the_first_line(folder: Folder) -> None:
    folder.write("job.py", "#!/nowhere/python\nimport sys; print(sys.executable)\n")

    assert folder.step("job.py", python=sys.executable) == (0, f"{sys.executable}\n", "")
    folder.settings = folder.settings.model_copy(update={"python": sys.executable})
    assert folder.argv("job.py") == [sys.executable, str(folder.path / "job.py")]


def test_a_named_python_is_for_scripts_whose_suffix_is_its_own(folder: Folder) -> None:
    folder.write("job.sh", "#!/bin/sh\nexit 3\n")

    assert folder.step("job.sh", python=sys.executable)[0] == 3


@pytest.mark.parametrize("name", ["job.sh", "job.py", "./job", "job.other"])
def test_a_step_may_name_another_interpreter_for_whatever_script(name: str, folder: Folder) -> None:
    path = folder.write(name, "#!/nowhere\nexit 3\n", 0o644)

    assert folder.argv(name, "x", interpreter="sh -e") == [shutil.which("sh"), "-e", str(path), "x"]
    assert folder.step(name, interpreter="sh", python="python9.99")[0] == 3
    with pytest.raises(ScriptRefusedError, match=r"needs none9, which is not installed"):
        folder.argv(name, interpreter="none9")


def test_a_batch_file_has_no_other_interpreter(folder: Folder) -> None:
    folder.write("job.bat", "")

    with pytest.raises(ScriptRefusedError, match=r"job\.bat is always run by cmd"):
        folder.argv("job.bat", interpreter="sh")


def test_a_powershell_script_may_have_another_powershell(folder: Folder) -> None:
    folder.write("job.ps1", "")
    other = folder.write("bin/powershell-preview", "")

    assert folder.argv("job.ps1", interpreter=str(other))[:2] == [str(other), "-NoLogo"]


def test_without_a_first_line_a_suffix_decides(folder: Folder) -> None:
    folder.write("job.py", "import sys; print(sys.executable)\n")
    folder.write("job.sh", "echo a\n")

    assert folder.argv("job.py")[0] == sys.executable
    assert folder.argv("job.sh")[0] == shutil.which("bash") or shutil.which("sh")


def test_a_powershell_script_is_run_as_one_whatever_its_first_line_is(folder: Folder) -> None:
    if not shutil.which("pwsh"):
        pytest.skip("there is no pwsh")
    folder.write("job.ps1", "#!/usr/bin/env pwsh\nexit 3\n")

    assert folder.argv("job.ps1")[-1] == str(folder.path / "job.ps1")
    assert "-NonInteractive" in folder.argv("job.ps1")


@pytest.mark.parametrize("text", ["#!/usr/bin/env python3\n", f"#!{sys.executable} -u\n"])
def test_what_python_runs_prints_at_once_whatever_its_suffix(text: str, folder: Folder) -> None:
    script = folder.write("job", text)

    assert kind_of(script) is PYTHON


# The name that was asked for


def test_a_script_is_started_by_the_links_name(folder: Folder) -> None:
    folder.write("real/dispatch.sh", '#!/bin/sh\necho "I am $(basename "$0") in $(dirname "$0")"\n')
    (folder.path / "daily.sh").symlink_to("real/dispatch.sh")

    assert folder.step("daily.sh") == (0, f"I am daily.sh in {folder.path}\n", "")
    assert folder.step("daily.sh") == folder.bare("daily.sh")


def test_the_links_suffix_counts_and_else_that_of_its_target(folder: Folder) -> None:
    folder.write("job", "echo $0\n", 0o644)
    folder.write("real.py", "print('python')\n", 0o644)
    (folder.path / "link.sh").symlink_to("job")
    (folder.path / "named").symlink_to("real.py")

    assert folder.step("link.sh")[1] == f"{folder.path / 'link.sh'}\n"
    assert folder.step("./named")[1] == "python\n"


def test_a_folder_that_is_a_link_stays_in_the_name(folder: Folder) -> None:
    folder.write("releases/42/run.sh", "#!/bin/sh\necho $0\n")
    (folder.path / "current").symlink_to("releases/42")

    assert folder.step("current/run.sh") == folder.bare("current/run.sh")


# What cannot be used


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "#!/opt/none/bin/perl -w\n",
            "job.sh: its first line names /opt/none/bin/perl to run it, which is not there. "
            "Install it, or correct the first line.",
        ),
        ("#!/usr/bin/\n", "job.sh: its first line names /usr/bin/ to run it, which is no program. "),
        (
            f"#!{ENV} python9.99\n",
            "job.sh: its first line names 'python9.99' to run it, which is not installed or not in PATH. ",
        ),
        (f"#!{ENV} sh -e\n", f"#!{ENV} -S sh -e" if sys.platform == "linux" else ""),
        (
            "#!/bin/sh\r\necho\r\n",
            "job.sh: its first line, #!/bin/sh, ends with a carriage return, which is a part of it for the "
            "system. Save it with the line ends of Unix (LF).",
        ),
        (
            "\ufeff#!/bin/sh\n",
            "job.sh: its first line begins with a byte order mark, so the system does not see its #!. "
            "Save it as UTF-8 without BOM.",
        ),
        (
            f"#!/{'x' * READ}\n",
            f"job.sh: its first line is longer than the {READ} bytes that the system reads of it. ",
        ),
    ],
)
def test_a_first_line_that_cannot_be_used_is_named_with_its_remedy(
    text: str, message: str, folder: Folder
) -> None:
    folder.write("job.sh", text)
    if not message:
        pytest.skip("this system splits it")

    with pytest.raises(ScriptRefusedError) as caught:
        folder.argv("job.sh")
    assert message in str(caught.value)


def test_env_looks_in_the_steps_own_path(folder: Folder) -> None:
    folder.write("bin/mine", '#!/bin/sh\necho "mine $1"\n')
    folder.write("job", f"#!{ENV} mine\n")

    with pytest.raises(ScriptRefusedError, match="mine"):
        folder.argv("./job")
    path = f"{folder.path / 'bin'}:{os.environ['PATH']}"
    assert folder.step("./job", env={"PATH": path})[1] == f"mine {folder.path / 'job'}\n"


def test_python_reads_past_a_mark_and_a_carriage_return_so_they_are_no_fault_of_a_py(folder: Folder) -> None:
    folder.write("job.py", "\ufeff#!/usr/bin/env python3\r\nprint('a')\r\n")

    assert folder.step("job.py") == (0, "a\n", "")


def test_what_cannot_be_read_but_executed_is_left_to_the_system(folder: Folder) -> None:
    shutil.copy("/bin/true", folder.path / "copy")
    (folder.path / "copy").chmod(0o111)

    assert folder.step("./copy") == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="another kernel has other limits")
@pytest.mark.parametrize("length", [100, 240, 250, 254, 255, 256, 300])
def test_a_long_argument_is_cut_where_the_kernel_cuts_it(length: int, folder: Folder) -> None:
    folder.write("show", '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    folder.write("job", f"#!{folder.path / 'show'} {'y' * (length - len(str(folder.path / 'show')) - 3)}\n")

    assert folder.step("./job") == folder.bare("job")


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels split it")
@given(line=st.text("ab \t-='\"\\$*", max_size=30))
def test_any_line_is_split_as_the_kernel_splits_it(
    line: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Folder(tmp_path_factory.mktemp("split"))
    show = folder.write("show", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    folder.write("job", f"#!{show} {line}\n")

    assert folder.step("./job") == folder.bare("job")


@given(start=st.binary(max_size=40).map(lambda data: b"#!" + data))
def test_any_bytes_are_a_first_line_or_none_or_refused(start: bytes) -> None:
    try:
        found = parse(start)
    except ScriptRefusedError:
        return
    assert found is None or found.interpreter


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"#!/bin/sh", ["/bin/sh"]),
        (b"#!/bin/sh -e -u\n", ["/bin/sh", "-e", "-u"]),
        (b"#! /usr/bin/env\tpython3 -u \n", ["/usr/bin/env", "python3", "-u"]),
    ],
)
def test_other_systems_split_the_arguments(line: bytes, words: list[str]) -> None:
    found = parse(line, split=True)

    assert found is not None
    assert found.words == words


@pytest.mark.parametrize(
    ("arguments", "program"),
    [
        ((), ""),
        (("python3",), "python3"),
        (("-S python3 -u",), "python3"),
        (("-Spython3 -u",), "python3"),
        (("--split-string=A=b python3 -u",), "python3"),
        (("-S", "python3", "-u"), "python3"),
        (("-S -i python3",), ""),
        (("-u",), ""),
        (("-S PATH=/x python3",), ""),
        (("-S 'python3",), ""),
    ],
)
def test_the_program_behind_env_is_known_if_its_words_show_it(
    arguments: tuple[str, ...], program: str
) -> None:
    assert Shebang(ENV, arguments).program == program


@pytest.mark.parametrize(
    ("start", "is_text"),
    [(b"", True), (b"echo\n\0", True), (b"\x7fELF\2", False), (b"\xca\xfe\0\n", False)],
)
def test_a_program_is_text_by_its_first_line(start: bytes, is_text: bool) -> None:
    assert shebang.is_text(start) is is_text
