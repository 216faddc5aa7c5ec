"""Programs that only start another one: nice, timeout, flock, env, sudo, bash -c, cmd /c, …"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from deployments.adopt import paths
from deployments.adopt.commands.inner import Inner
from deployments.adopt.commands.windows_shells import read_cmd, read_powershell
from deployments.adopt.job import Difference


def program(word: str) -> str:
    """Given the first word of a command, return the program's bare name: "python" for C:\\py\\Python.EXE."""
    name = paths.name(word).lower()
    return name.removesuffix(".exe").removesuffix(".com")


def unwrap(words: Sequence[str]) -> Inner | None:
    """Given a command's words, return the command within; None if it is not a wrapper that is known."""
    if not words:
        return None
    reader = _READERS.get(program(words[0]))
    return reader(list(words[1:])) if reader else None


# Options of each that take a word of their own.
_VALUED = {
    "nice": {"-n", "--adjustment"},
    "ionice": {"-c", "-n", "-p", "--class", "--classdata"},
    "chrt": {"-p"},
    "timeout": {"-k", "-s", "--kill-after", "--signal"},
    "flock": {"-w", "--wait", "--timeout", "-E", "--conflict-exit-code"},
    "stdbuf": {"-i", "-o", "-e"},
    "sudo": {"-u", "-g", "--user", "--group", "-h", "-p", "-C", "-D"},
    "env": {"-u", "--unset", "-C", "--chdir"},
}


def _after_options(name: str, words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the options with their values, and the words after them."""
    options: dict[str, str] = {}
    while words and words[0].startswith("-") and words[0] != "-":
        option = words.pop(0)
        if option == "--":
            break
        takes = option in _VALUED.get(name, ())
        options[option] = words.pop(0) if takes and words else ""
    return options, words


def _plain(name: str) -> Callable[[list[str]], Inner]:
    """Return a reader of a wrapper that changes nothing which Rhythm would not."""
    return lambda words: Inner(tuple(_after_options(name, words)[1]))


def _timeout(words: list[str]) -> Inner:
    _, words = _after_options("timeout", words)
    limit = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", words[0]) if words else None
    if limit is None:
        return Inner(doubts=("timeout is given no time that can be read",))
    minutes = float(limit[1]) * {"": 1 / 60, "s": 1 / 60, "m": 1, "h": 60, "d": 1440}[limit[2]]
    return Inner(tuple(words[1:]), time_limit_minutes=minutes or None)


def _flock(words: list[str]) -> Inner | None:
    _, words = _after_options("flock", words)
    rest = words[1:]  # the first is the lock; Rhythm runs nothing beside anything else anyway
    if rest and rest[0] in ("-c", "--command"):
        return _shell(rest)
    return Inner(tuple(rest))


def _sudo(words: list[str]) -> Inner:
    options, words = _after_options("sudo", words)
    user = options.get("-u") or options.get("--user") or "root"
    difference = Difference(
        f"it ran as {user} (sudo)", "Run Rhythm's worker as that account, or leave sudo in the script."
    )
    inner = _env(words)
    return Inner(inner.words, env=inner.env, differences=(difference,))


def _env(words: list[str]) -> Inner:
    options, words = _after_options("env", words)
    env: dict[str, str] = {}
    while words and re.match(r"[A-Za-z_]\w*=", words[0]):
        key, _, value = words.pop(0).partition("=")
        env[key] = value
    return Inner(tuple(words), cwd=options.get("-C") or options.get("--chdir"), env=env)


def _start(words: list[str]) -> Inner:
    """`start "title" /min /wait program …` of cmd."""
    titled = len(words) > 1 and words[1].startswith("/") and not paths.suffix(words[0])
    if words and (not words[0] or " " in words[0] or titled):
        words = words[1:]
    while words and words[0].startswith("/"):
        words = words[2:] if words[0].lower().startswith("/d") and len(words[0]) == 2 else words[1:]
    return Inner(tuple(words))


def _shell(words: list[str]) -> Inner | None:
    """`bash -c LINE`; None for a script: that is not a wrapper, but what runs it."""
    while words and words[0].startswith(("-", "+")):
        option = words.pop(0)
        if option == "--command" or (not option.startswith("--") and "c" in option):
            line = words[0] if words else ""
            if re.search(r"[|;&<>()`$*?\n{}\[\]~!]", line):
                return Inner(doubts=(f"it is a line for a shell: {line}",))
            try:
                return Inner(tuple(shlex.split(line)))
            except ValueError:
                return Inner(doubts=(f"a quote is not closed: {line}",))
    return None


_READERS: dict[str, Callable[[list[str]], Inner | None]] = {
    **{
        name: _plain(name)
        for name in ("nice", "ionice", "nohup", "setsid", "time", "stdbuf", "chronic", "exec")
    },
    "timeout": _timeout,
    "flock": _flock,
    "sudo": _sudo,
    "env": _env,
    "start": _start,
    **dict.fromkeys(("bash", "sh", "zsh", "dash", "ksh"), _shell),
    "cmd": read_cmd,
    **dict.fromkeys(("powershell", "pwsh"), read_powershell),
}
