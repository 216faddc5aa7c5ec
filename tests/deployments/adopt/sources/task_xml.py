"""Task Scheduler's XML, written as its tools write it."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

_HEAD = '<?xml version="1.0" encoding="UTF-16"?>\r\n'
_NAMESPACE = 'xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"'

#: An action that starts a script.
EXEC = "<Exec><Command>C:\\Python313\\python.exe</Command><Arguments>C:\\agi\\watchdog.py</Arguments></Exec>"
#: What a task says of itself that has none of Windows' traps.
PLAIN = (
    "<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
    "<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>"
    "<ExecutionTimeLimit>PT10M</ExecutionTimeLimit>"
)


def task(
    triggers: str = "",
    actions: str = EXEC,
    settings: str = PLAIN,
    *,
    uri: str = "\\AGI\\Watchdog",
    principal: str = "<UserId>S-1-5-21-1</UserId>",
    head: str = _HEAD,
) -> str:
    """One task, as the window and Export-ScheduledTask write it."""
    return (
        f'{head}<Task version="1.4" {_NAMESPACE}>\r\n'
        f"  <RegistrationInfo><URI>{uri}</URI></RegistrationInfo>\r\n"
        f"  <Triggers>{triggers}</Triggers>\r\n"
        f'  <Principals><Principal id="Author">{principal}</Principal></Principals>\r\n'
        f"  <Settings>{settings}</Settings>\r\n"
        f'  <Actions Context="Author">{actions}</Actions>\r\n'
        "</Task>\r\n"
    )


def stream(*names: str) -> str:
    """Many tasks, as `schtasks /query /xml` prints them: whole documents in a row, each with its name."""
    return "\r\n".join(f"<!-- {name} -->\r\n{task(uri=name)}" for name in names)


def together(*names: str) -> str:
    """Many tasks, as `schtasks /query /xml ONE` prints them: in one document."""
    inner = "\r\n".join(f"<!-- {name} -->\r\n{task(uri=name, head='')}" for name in names)
    return f"{_HEAD}<Tasks>\r\n{inner}</Tasks>\r\n"


def execute(command: str, arguments: str | None, folder: str | None = None) -> str:
    """An action that starts a program."""
    parts = {"Command": command, "Arguments": arguments, "WorkingDirectory": folder}
    return f"<Exec>{''.join(element(name, text) for name, text in parts.items())}</Exec>"


def calendar(inner: str, by: str, of: str) -> str:
    """A trigger by "Day", "Week", "Month" or "MonthDayOfWeek"."""
    return f"<CalendarTrigger>{inner}<ScheduleBy{by}>{of}</ScheduleBy{by}></CalendarTrigger>"


def days_of_week(names: Iterable[str]) -> str:
    """Days by their whole English names."""
    return f"<DaysOfWeek>{''.join(f'<{name}/>' for name in names)}</DaysOfWeek>"


def element(name: str, text: object) -> str:
    """An element of a text; nothing if there is none."""
    return f"<{name}>{escape(str(text))}</{name}>" if text not in (None, "") else ""
