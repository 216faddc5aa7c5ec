"""Looks at the scripts of a rhythm: by itself, or with the help of the programs that run them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from deployments.adopt.sources.text_encoding import decode
from deployments.script_check import (
    binding,
    file_arguments,
    powershell_parser,
    python_syntax,
    shell_syntax,
    text,
)
from deployments.script_check.fault import Fault
from deployments.script_check.outline import outline
from deployments.script_check.parameters import Parameters
from deployments.script_check.program import ProgramError
from tasks import extras
from tasks.interpreters.shebang import Shebang, is_python_program

_SHELLS = frozenset({"ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"})

Found = Iterator[tuple["Script", Fault]]


@dataclass(frozen=True, slots=True)
class Script:
    """A step's script. `where` is the step's place in rhythm.toml, `argv` what runs it, in `env`."""

    where: str
    path: Path
    argv: tuple[str, ...]
    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)
    optional: bool = False

    @property
    def interpreter(self) -> tuple[str, ...]:
        """What stands before the script's own path, or before the one that runs it."""
        if self.suffix == ".ps1":
            return self.argv[:1]
        return self.argv[: self.argv.index(str(self.path))]

    @property
    def suffix(self) -> str:
        """The end of its name."""
        return self.path.suffix.lower()

    @property
    def program(self) -> str:
        """What runs it in the end, behind `env`; "" if only that can say, or nothing does."""
        words = self.interpreter
        return Shebang(words[0], words[1:]).program if words else ""

    @property
    def language(self) -> str:
        """What it is written in, as far as that makes a difference here; else ""."""
        if self.suffix == ".ps1":
            return "powershell"
        if PurePath(self.program).stem in _SHELLS:
            return "shell"
        is_python = is_python_program(self.program) or self.suffix == ".py"
        return "python" if is_python else ""


def examine(scripts: Sequence[Script]) -> Found:
    """Yield what can be known without starting anything: whether PowerShell scripts take their arguments."""
    for script in scripts:
        if script.suffix == ".ps1":
            yield from ((script, fault) for fault in _read(script))


def examine_with_programs(scripts: Sequence[Script]) -> Found:
    """Yield what the interpreters of the scripts themselves find, none of which is run."""
    kinds: dict[str, Callable[[Sequence[Script]], Found]] = {
        "powershell": _powershell,
        "python": _python,
        "shell": _shell,
    }
    for language, look in kinds.items():
        for group in _by_interpreter(script for script in scripts if script.language == language):
            try:
                yield from list(look(group))
            except ProgramError as error:
                interpreter = " ".join(group[0].interpreter)
                fault = Fault(f"{interpreter}, which was to look at it, {error}", "See that it starts.")
                yield group[0], fault
                yield from examine(group)


def _by_interpreter(scripts: Iterable[Script]) -> list[list[Script]]:
    groups: dict[tuple[str, ...], list[Script]] = {}
    for script in scripts:
        groups.setdefault(script.interpreter, []).append(script)
    return list(groups.values())


def _read(script: Script) -> list[Fault]:
    """Read a PowerShell script without PowerShell."""
    try:
        found = outline(decode(script.path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n"))
    except OSError as error:
        return [
            Fault(f"{script.path} cannot be read ({error.strerror})", "See that this account may read it.")
        ]
    except ValueError:
        return []  # in no encoding that is known here
    if found.fault:
        return [found.fault]
    return _refused(script, _declared(found.block))


def _declared(block: str | None) -> Parameters | None:
    """Return what a `param` block declares; None if that cannot be determined, as without the grammar."""
    if block is None or extras.absent("adopt"):
        return None
    from deployments.script_check import param_block

    return param_block.read(block)


def _refused(script: Script, parameters: Parameters | None) -> list[Fault]:
    """Return what the script does not take of the step's words."""
    return binding.faults(parameters, file_arguments.read(script.words)) if parameters else []


def _powershell(scripts: Sequence[Script]) -> Found:
    answer = powershell_parser.parse(scripts[0].argv[0], _paths(scripts), scripts[0].env)
    for script in scripts:
        parsed = answer.scripts[script.path]
        misread = _misread(script, answer.version)
        for fault in (*parsed.faults, *misread, *_refused(script, parsed.parameters)):
            yield script, fault


def _misread(script: Script, version: int) -> list[Fault]:
    """Return what a PowerShell of this version misreads; that it cannot read a script, it reports itself."""
    try:
        fault = text.misread(script.path.read_bytes(), version)
    except OSError:
        return []
    return [fault] if fault else []


def _python(scripts: Sequence[Script]) -> Found:
    faults = python_syntax.faults(scripts[0].interpreter, _paths(scripts), scripts[0].env)
    for script in scripts:
        if script.path in faults:
            yield script, faults[script.path]


def _shell(scripts: Sequence[Script]) -> Found:
    # Without the options of its first line: behind `-`, none is one.
    words, program = scripts[0].interpreter, scripts[0].program
    shell = words[:1] if program == words[0] else (words[0], program)
    faults = {path: shell_syntax.fault(shell, path, scripts[0].env) for path in _paths(scripts)}
    for script in scripts:
        if fault := faults[script.path]:
            yield script, fault


def _paths(scripts: Sequence[Script]) -> list[Path]:
    return list(dict.fromkeys(script.path for script in scripts))
