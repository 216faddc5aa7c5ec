"""Task Scheduler's XML, written as its tools write it."""

from __future__ import annotations

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
