"""From a command's words to the script that it runs: wrappers, interpreters and their options peeled off."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from deployments.adopt import paths
from deployments.adopt.commands.inner import Inner
from deployments.adopt.commands.windows_shells import powershell
from deployments.adopt.commands.wrappers import program, unwrap
from deployments.adopt.job import Difference

#: Wrappers within wrappers are followed so far.
_DEEPEST = 8

# %USERPROFILE%, $env:USERPROFILE, ${HOME}: what the old scheduler, or its shell, would have filled in.
_VARIABLE = re.compile(r"%[\w()]+%|\$env:\w+|\$\{?\w+\}?|\$\(", re.IGNORECASE)

#: Suffixes that Rhythm itself knows how to start.
_SCRIPTS = (".py", ".ps1", ".bat", ".cmd", ".sh")

#: What runs scripts of other suffixes. Rhythm starts the interpreter, and gives it the script.
_OTHERS = frozenset(
    {"node", "deno", "ruby", "perl", "php", "java", "rscript", "wscript", "cscript", "mshta", "lua", "julia"}
)

#: Programs of Windows that a bare name means, in whatever folder.
_SYSTEM32 = frozenset(
    {
        *(
            "bitsadmin",
            "certutil",
            "chkdsk",
            "cipher",
            "cleanmgr",
            "cmd",
            "compact",
            "cscript",
            "curl",
            "defrag",
        ),
        *(
            "dism",
            "forfiles",
            "gpupdate",
            "ipconfig",
            "logman",
            "mshta",
            "msg",
            "net",
            "netsh",
            "powercfg",
            "reg",
        ),
        *(
            "regsvr32",
            "robocopy",
            "rundll32",
            "sc",
            "schtasks",
            "sfc",
            "shutdown",
            "tar",
            "taskkill",
            "tasklist",
        ),
        *("typeperf", "vssadmin", "w32tm", "wbadmin", "wevtutil", "where", "whoami", "wscript", "xcopy"),
    }
)


_OWN_PYTHON = Difference(
    "it ran in the Python that PATH names, with its packages; here in Rhythm's own",
    'Name it at the top of rhythm.toml: python = "C:/…/python.exe".',
)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command runs. The fields mean what they mean in `Job`."""

    command: str
    script: str | None = None
    args: tuple[str, ...] = ()
    cwd: str | None = None
    through: tuple[str, ...] = ()
    python: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    time_limit_minutes: float | None = None
    differences: tuple[Difference, ...] = ()
    doubts: tuple[str, ...] = ()


def from_words(words: Sequence[str], cwd: str | None = None) -> Invocation:
    """Given a command's words and the folder that it starts in, return what it runs."""
    found = Invocation(words[0] if words else "", cwd=cwd or None)
    for _ in range(_DEEPEST):
        inner = unwrap(words)
        if inner is None:
            break
        found, words = _within(found, inner), inner.words
        if inner.doubts:
            return found
    if not words or not words[0].strip():
        return replace(found, doubts=(*found.doubts, "it names no program"))
    return _target(found, list(words))


def _within(found: Invocation, inner: Inner) -> Invocation:
    return replace(
        found,
        cwd=paths.join(found.cwd, inner.cwd) if inner.cwd else found.cwd,
        env={**found.env, **inner.env},
        time_limit_minutes=inner.time_limit_minutes or found.time_limit_minutes,
        differences=(*found.differences, *inner.differences),
        doubts=(*found.doubts, *inner.doubts),
    )


def _target(found: Invocation, words: list[str]) -> Invocation:
    name = program(words[0])
    if re.fullmatch(r"pythonw?[\d.]*|pyw?|pypy3?", name):
        return _python(found, words)
    if name in ("powershell", "pwsh"):
        what, rest = powershell(words[1:])
        return _script(found, rest) if what and rest else _doubt(found, "PowerShell is given nothing to run")
    if name in ("bash", "sh", "zsh", "dash", "ksh"):
        rest = [word for index, word in enumerate(words[1:]) if index or not word.startswith("-")]
        return _script(found, rest) if rest else _doubt(found, f"{name} is given nothing to run")
    if name in _OTHERS and len(words) > 1:
        return _other(found, words)
    if name in ("conda", "mamba", "poetry", "uv", "pipenv", "hatch") and "run" in words[1:]:
        return _environment(found, name, words)
    return _script(found, words)


def _python(found: Invocation, words: list[str]) -> Invocation:
    """python, pythonw or py: its options, and then a script, `-m MODULE` or `-c CODE`."""
    python, rest = words[0], words[1:]
    if re.search(r"[\\/]", python):
        # pythonw has nowhere to print to; beneath Rhythm no window opens anyway.
        folder, last = python[: len(python) - len(paths.name(python))], paths.name(python)
        own = folder + re.sub(r"^(python)w", r"\1", last, flags=re.IGNORECASE)
        if unknown := _VARIABLE.search(own):
            found = _doubt(found, f"the value of {unknown[0]} is not known here")
        else:
            found = replace(found, python=paths.join(found.cwd, own))
    else:
        found = replace(found, differences=(*found.differences, _OWN_PYTHON))
    while rest and rest[0].startswith("-") and len(rest[0]) > 1:
        option = rest.pop(0)
        if option in ("-m", "-c"):
            return _module(found, option, rest)
        if option in ("-X", "-W") and rest:
            rest.pop(0)
    if not rest:
        return _doubt(found, "Python is given nothing to run")
    return _script(found, rest)


def _module(found: Invocation, option: str, rest: list[str]) -> Invocation:
    what = "code" if option == "-c" else "a module"
    if not rest:
        return _doubt(found, f"Python is given nothing to run after {option}")
    if found.python:
        return replace(found, through=(found.python, option, rest[0]), args=tuple(rest[1:]), python=None)
    return _doubt(found, f"it runs {what} of a Python whose path is not given: {rest[0]}")


def _environment(found: Invocation, name: str, words: list[str]) -> Invocation:
    """`conda run -n NAME python x.py`: what it runs is known, but not by which Python."""
    rest = words[words.index("run") + 1 :]
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("-n", "--name", "-p", "--prefix", "--with", "--project") else rest[1:]
    if not rest:
        return _doubt(found, f"{name} is given nothing to run")
    return _doubt(_target(found, rest), f"which Python `{name} run` takes is not known here")


def _other(found: Invocation, words: list[str]) -> Invocation:
    """A script that an interpreter runs which Rhythm does not know."""
    rest = words[1:]
    options = []
    while rest and rest[0].startswith(("-", "//")):
        options.append(rest.pop(0))
    interpreter = _program(found, words[0])
    if interpreter is None:
        found = _doubt(found, f"where {words[0]} is, PATH says, which is not known here")
    script = paths.join(found.cwd, rest[0]) if rest else None
    return replace(found, script=script, through=(interpreter or words[0], *options), args=tuple(rest[1:]))


def _script(found: Invocation, words: list[str]) -> Invocation:
    """The script, or the program, that the first word names."""
    word = words[0]
    found = replace(found, args=tuple(words[1:]))
    if unknown := _VARIABLE.search(word):
        found = _doubt(found, f"the value of {unknown[0]} is not known here")
    known = _program(found, word) if paths.suffix(word) not in _SCRIPTS else paths.join(found.cwd, word)
    if known is None:
        return found if unknown else _doubt(found, f"where {word} is, PATH says, which is not known here")
    if not paths.is_whole(known) and not unknown:
        found = _doubt(found, f"{known} is given without its folder")
    return replace(found, script=known)


def _program(found: Invocation, word: str) -> str | None:
    """Return the path of a program; None for a bare name that can be anywhere."""
    if re.search(r"[\\/]", word):
        return paths.join(found.cwd, word)
    if word.lower().removesuffix(".exe") in _SYSTEM32 and not (found.cwd or "").startswith("/"):
        return rf"C:\Windows\System32\{word.lower().removesuffix('.exe')}.exe"
    return None


def _doubt(found: Invocation, doubt: str) -> Invocation:
    return replace(found, doubts=(*found.doubts, doubt))
