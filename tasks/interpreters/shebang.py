"""The first line of a script, `#!interpreter argument`, read as the kernel reads it; not on Windows.

Linux hands on all behind the interpreter as one argument (load_script in fs/binfmt_script.c, execve(2));
macOS and the BSDs split it at blanks. A script that is not executable is started by the same words.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tasks.interpreters.script_kind import ScriptRefusedError

#: Bytes that the kernel reads of a script: BINPRM_BUF_SIZE on Linux, IMG_SHSIZE on macOS.
READ = 256 if sys.platform == "linux" else 512
_MARK = b"#!"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t"
#: Options of env that change where or how it looks for the program; it reports itself what it does not find.
_ENV_OPTION = re.compile(r"-\S+")
_ASSIGNMENT = re.compile(r"[^=/\s]+=.*", re.DOTALL)
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?")


@dataclass(frozen=True, slots=True)
class Shebang:
    """What is to run a script: the interpreter's path, and its arguments as the kernel hands them on."""

    interpreter: str
    arguments: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """What stands before the script's own path."""
        return [self.interpreter, *self.arguments]

    @property
    def program(self) -> str:
        """The program that runs the script in the end, behind `env`; "" if only env itself can say."""
        if PurePosixPath(self.interpreter).name != "env":
            return self.interpreter
        return _behind_env(self.arguments)

    @property
    def is_python(self) -> bool:
        """Whether a Python runs it."""
        return is_python_program(self.program)


def is_python_program(program: str) -> bool:
    """Whether a program, by its path or name, is a Python."""
    return _PYTHON.fullmatch(PurePosixPath(program).name) is not None


def start_of(script: Path) -> bytes:
    """Return what the kernel reads of a script; nothing of one that cannot be read."""
    try:
        with script.open("rb") as file:
            return file.read(READ)
    except OSError:
        return b""


def parse(start: bytes, *, split: bool = sys.platform != "linux") -> Shebang | None:
    """Given the first `READ` bytes of a script, return its shebang; None if it has none.

    With `split`, what follows the interpreter is several arguments. What the kernel cuts off is cut off.

    Raises:
        ScriptRefusedError: one was meant, and the kernel could not use it.
    """
    if start.startswith(_BYTE_ORDER_MARK + _MARK):
        raise ScriptRefusedError(
            "its first line begins with a byte order mark, so the system does not see its #!",
            "Save it as UTF-8 without BOM.",
        )
    if not start.startswith(_MARK):
        return None
    line, end, _ = start.removeprefix(_MARK).partition(b"\n")
    is_cut = not end and len(start) >= READ
    line = (line[:-1] if is_cut else line).partition(b"\0")[0].strip(_BLANKS)
    interpreter, *rest = re.split(rb"[ \t]+", line, maxsplit=1)
    if not interpreter:
        return None
    if line.endswith(b"\r"):
        shown = os.fsdecode(line.rstrip(b"\r"))
        raise ScriptRefusedError(
            f"its first line, #!{shown}, ends with a carriage return, which is a part of it for the system",
            "Save it with the line ends of Unix (LF).",
        )
    if is_cut and not rest:
        raise ScriptRefusedError(
            f"its first line is longer than the {READ} bytes that the system reads of it",
            "Name the interpreter by a shorter path, or by #!/usr/bin/env.",
        )
    arguments = [os.fsdecode(word) for word in (re.split(rb"[ \t]+", rest[0]) if rest and split else rest)]
    return Shebang(os.fsdecode(interpreter), tuple(arguments))


def readable_by_python(start: bytes) -> bytes:
    """Return the beginning of a .py without what Python reads past, and the kernel does not."""
    return start.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n")


def is_cut(start: bytes) -> bool:
    """Whether the kernel reads only the beginning of a script's first line."""
    return start.startswith(_MARK) and len(start) >= READ and b"\n" not in start


def is_text(start: bytes) -> bool:
    """Whether a program without a shebang is a script: no NUL in its first line, by POSIX' rule for sh."""
    return not start.startswith(b"\x7fELF") and b"\0" not in start.partition(b"\n")[0]


def check_there(shebang: Shebang, path: str, folder: Path) -> None:
    """Look whether the interpreter is there; env looks along `path`, and the script starts in `folder`.

    Raises:
        ScriptRefusedError: it is not.
    """
    interpreter = folder / shebang.interpreter
    if not (interpreter.is_file() and os.access(interpreter, os.X_OK)):
        is_there = "is no program" if interpreter.exists() else "is not there"
        raise ScriptRefusedError(
            f"its first line names {shebang.interpreter} to run it, which {is_there}", _CORRECT
        )
    program = shebang.program
    if program and program != shebang.interpreter and not shutil.which(program, path=path):
        remedy = f"Write #!/usr/bin/env -S {program}" if " " in program else _CORRECT
        raise ScriptRefusedError(
            f"its first line names {program!r} to run it, which is not installed or not in PATH", remedy
        )


_CORRECT = "Install it, or correct the first line."


def _behind_env(arguments: tuple[str, ...]) -> str:
    """Return the program among the arguments of env, if none of its options changes where it looks."""
    words = list(arguments)
    if words and words[0].startswith(("-S", "--split-string=")):
        text = words[0].removeprefix("--split-string=").removeprefix("-S")
        try:
            words = [*shlex.split(text), *words[1:]]
        except ValueError:
            return ""
    while words and _ASSIGNMENT.fullmatch(words[0]):
        if words.pop(0).startswith("PATH="):
            return ""
    return "" if not words or _ENV_OPTION.match(words[0]) else words[0]
