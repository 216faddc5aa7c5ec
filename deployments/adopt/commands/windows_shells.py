"""What cmd.exe and PowerShell are given to run: a script, one command, or code."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from deployments.adopt import paths
from deployments.adopt.commands import windows_argv
from deployments.adopt.commands.inner import Inner
from deployments.adopt.job import Difference

_REDIRECTION = re.compile(r"\s*(?:[12]?>>?\s*(?:&[12]|\"[^\"]*\"|[^\s\"&|<>]+)|<\s*nul)\s*$", re.IGNORECASE)
_FOLDER = re.compile(r"\s*cd\s+(?:/d\s+)?(?:\"([^\"]+)\"|([^\s\"&|<>]+))\s*&&?\s*", re.IGNORECASE)


def read_cmd(words: list[str]) -> Inner | None:
    """`cmd /c LINE`, when the line is one command; None for cmd without a line."""
    while words and re.fullmatch(r"/[a-z](:\w+)?", words[0], re.IGNORECASE):
        if words.pop(0)[1].lower() in "ck":
            break
    else:
        return None
    line = words[0] if len(words) == 1 else " ".join(_quoted(word) for word in words)
    return cmd_line(line)


def cmd_line(line: str) -> Inner:
    """Given a line for cmd, return its command: without `cd FOLDER &&` before it, and where it printed to."""
    cwd, differences = None, []
    if found := _FOLDER.match(line):
        cwd, line = found[1] or found[2], line[found.end() :]
    while found := _REDIRECTION.search(line):
        target = found[0].strip()
        line = line[: found.start()]
        if "&" not in target and not target.lower().endswith("nul"):
            differences.append(printed(target.lstrip("12>< ").strip('"')))
    bare = re.sub(r"\"[^\"]*\"", "", line)
    if re.search(r"[&|<>^]", bare):
        return Inner(doubts=(f"it is a line for cmd: {line.strip()}",), differences=tuple(differences))
    inner = windows_argv.split(line)
    if inner and inner[0].lower() in ("call", "@call"):
        inner = inner[1:]
    return Inner(tuple(inner), cwd=cwd, differences=tuple(differences))


def printed(target: str) -> Difference:
    """Return what is lost when output no longer goes to the file `target`."""
    return Difference(f"its output no longer goes to {target}", "Look it up in Prefect, or by `rhythm logs`.")


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word or not word else word


# How each option of powershell.exe may begin, and whether it takes a word.
_POWERSHELL_OPTIONS = {
    "noprofile": False,
    "noninteractive": False,
    "nologo": False,
    "noexit": False,
    "sta": False,
    "mta": False,
    "executionpolicy": True,
    "ep": True,
    "windowstyle": True,
    "version": True,
    "inputformat": True,
    "outputformat": True,
    "configurationname": True,
    "psconsolefile": True,
    "workingdirectory": True,
    "wd": True,
    "settingsfile": True,
}


def powershell(words: Sequence[str]) -> tuple[str, list[str]]:
    """Given what follows powershell.exe or pwsh, return ("file" | "code" | "", what that is given).

    Options may be shortened, as PowerShell allows it, and begin with - or /.
    """
    rest = list(words)
    while rest and rest[0][:1] in "-/–" and len(rest[0]) > 1:
        option = rest.pop(0)[1:].lower().lstrip("-")
        if "file".startswith(option):
            return "file", rest
        if option in ("ec", "enc") or "encodedcommand".startswith(option):
            return "code", [_decoded(rest[0])] if rest else []
        if "command".startswith(option) or option == "cwa":
            return "code", rest
        known = next((name for name in _POWERSHELL_OPTIONS if name.startswith(option)), "")
        if known and _POWERSHELL_OPTIONS[known] and rest:
            rest.pop(0)
    if not rest:
        return "", []
    # Windows PowerShell takes a bare word as code, and code that is a script's path runs the script.
    return ("file" if paths.suffix(rest[0]) == ".ps1" else "code"), rest


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word, validate=True).decode("utf-16-le")
    except ValueError:
        return word


_CALL = re.compile(
    r"(?:[&.]\s*)?(?:'((?:[^']|'')+)'|\"([^\"$`]+)\"|([^\s'\"&|;<>()${}`@,]+))\s*(.*)", re.DOTALL
)
# Programs that a bare name means in PowerShell as well: none is a cmdlet, or an alias of one.
_PROGRAMS = re.compile(r"pythonw?[\d.]*|pyw?|node|deno|ruby|perl|php|java|uv|poetry|conda", re.IGNORECASE)
_SIMPLE_ARGS = re.compile(r"(?:'[^']*'|\"[^\"$`]*\"|[^\s'\"&|;<>()${}`@]+|\s+)*")


def read_powershell(words: list[str]) -> Inner | None:
    """`powershell -Command CODE`, when the code is one call; None where it is a -File."""
    what, rest = powershell(words)
    if what != "code":
        return None
    code = " ".join(rest).strip()
    block = re.fullmatch(r"&?\s*\{(.*)\}", code, re.DOTALL)
    plain = (block[1] if block else code).strip().rstrip(";").strip()
    plain = re.sub(r";\s*exit\s+\$LASTEXITCODE$", "", plain, flags=re.IGNORECASE)
    call = _CALL.fullmatch(plain)
    if call and _SIMPLE_ARGS.fullmatch(call[4]):
        called = call[1].replace("''", "'") if call[1] else call[2] or call[3]
        args = [a or b or c for a, b, c in re.findall(r"'([^']*)'|\"([^\"]*)\"|([^\s'\"]+)", call[4])]
        if paths.suffix(called) or paths.is_whole(called) or _PROGRAMS.fullmatch(called):
            return Inner((called, *args))
    return Inner(doubts=(f"it is PowerShell code, not a script: {_short(code)}",))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"
