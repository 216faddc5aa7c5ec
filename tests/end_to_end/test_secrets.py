"""One secret, wherever a rhythm can come by it: it is kept nowhere and printed nowhere, in no spelling."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tasks.redaction.redactor import Redactor
from tasks.redaction.visible import without_colours
from tests.end_to_end.workspace import Workspace
from tests.tasks.builtin.service import running_service
from tests.tasks.redaction.test_redactor import NASTY, WAYS

#: Prints the secret in all spellings, to both streams, and fails with it.
LEAKS = """
import json, os, sys
for spelled in json.loads(os.environ["SPELLED"]):
    print("here:", spelled)
    print("there:", spelled, file=sys.stderr)
print("arguments:", sys.argv[1:])
sys.exit("it is " + sys.argv[1])
"""

#: Takes the place of a built-in step, in every process that Python starts here.
STAND_IN = """
import os, sys, types

def main(argv, context):
    from tasks.builtin.contract import Report
    secret = os.environ["TOKEN_OF_THIS_TEST"]
    context.log.info("it is %s", secret)
    context.publish(Report(f"# It is {secret}", summary=f"so {secret}"))
    context.publish(Report(f"It is {secret}", key="a-report", summary=f"so {secret}"))
    context.publish(Report(f"It is {secret}", key="a-link", link=f"http://127.0.0.1/{secret}", summary="so"))
    context.emit("rhythm.test", f"endpoint/{secret}", {"reason": [secret]})
    raise RuntimeError(f"it was {secret}")

module = types.ModuleType("tasks.builtin.check_health")
module.main = main
sys.modules[module.__name__] = module
"""


#: What asks a rhythm for what it has done.
COMMANDS = [
    ["beat"],
    ["beat", "--json", "--force", "a", "b"],
    ["status"],
    ["status", "--json"],
    ["logs", "-n", "2000"],
    ["logs", "-n", "2000", "--json"],
    ["step", "check_health"],
]


def test_a_secret_is_kept_and_printed_nowhere(workspace: Workspace) -> None:
    spelled = [way(NASTY) for way in WAYS.values()]
    workspace.script("leaks.py", LEAKS)
    site = workspace.root / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(STAND_IN, encoding="utf-8")
    workspace.more |= {
        "TOKEN_OF_THIS_TEST": NASTY,
        "SPELLED": json.dumps(spelled),
        "PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]),
    }
    steps = [
        {"run": ["leaks.py", NASTY, f"--token={NASTY}"], "retries": 1, "retry_delay": 0},
        {"name": "own", "run": ["leaks.py", NASTY], "env": {"OWN_OF_THIS_TEST": NASTY}},
        {"name": "nowhere", "run": ["leaks.py"], "cwd": NASTY},
        {"name": "missing", "run": [f"{NASTY}.py", NASTY]},
        {"name": "refused", "run": ["collect_system_metrics", f"--token={NASTY}"]},
    ]
    with running_service() as service:
        service.status, service.body = 500, NASTY.encode()
        workspace.toml(
            f"""
            secret_env = ["TOKEN_OF_THIS_TEST", "OWN_OF_THIS_TEST"]
            [groups.a]
            every = "5m"
            steps = [{", ".join(map(_toml, steps))}]
            [groups.b]
            every = "5m"
            steps = [
              {{ run = "check_health", retries = 1, retry_delay = 0 }},
              "save_performance_benchmark",
              "circuit_breaker_router",
            ]
            [[endpoints]]
            name = "chat"
            url = "{service.url}/health"
            headers = {{ Authorization = "${{TOKEN_OF_THIS_TEST}}" }}
            [[endpoints]]
            name = "down"
            url = "{service.url}/health"
            """
        )
        with workspace.served():
            printed = [workspace.rhythm(*words) for words in COMMANDS]

    beat, _, _, _, logs, *_ = (done.stdout for done in printed)
    assert "RuntimeError: it was ***" in beat
    assert "here: ***" in logs
    assert logs.count("Traceback") == 4  # one for each attempt: two in each of two beats
    kept = [
        *_stored(workspace.home / "prefect.db"),
        *_stored(workspace.root / "outputs" / "rhythm.db"),
        *_written(workspace.root / "outputs"),
        *((" ".join(done.args), text) for done in printed for text in (done.stdout, done.stderr)),
    ]
    assert {"log.message", "artifact.data", "events.payload", "flow_run_state.message"} <= {
        where for where, text in kept if "***" in text
    }
    redact = Redactor([NASTY])
    assert {where for where, text in kept if redact(text) != without_colours(text)} == set()
    assert {where for where, text in kept if any(each in text for each in (*spelled, "x-1234"))} == set()


def _toml(value: object) -> str:
    """Return a value as TOML's inline tables have it; its texts are written as JSON's are."""
    match value:
        case dict():
            return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value)


def _stored(path: Path) -> Iterator[tuple[str, str]]:
    """Yield all that a database holds as text or blob, each with its table and column."""
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for name in names:
            rows = database.execute(f'select * from "{name}"')  # noqa: S608 - a name of the database's own
            columns = [column for column, *_ in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, bytes):
                        yield f"{name}.{column}", value.decode("utf-8", "backslashreplace")
                    elif isinstance(value, str):
                        yield f"{name}.{column}", value


def _written(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the content of every file below a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes().decode("utf-8", "backslashreplace")
