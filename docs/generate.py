"""Writes the reference pages that follow from the code: `python -m docs.generate`, in the project's folder.

`PAGES` is what there is to write; tests/test_docs.py holds the files and the code together.
"""

from __future__ import annotations

import inspect
import io
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import click

from deployments.cli.commands import COMMANDS, PROGRAM
from tasks import builtin
from tasks.builtin.contract import Context, HelpShown, built_in
from tasks.settings.rhythm_toml import Settings
from tasks.settings.schema import json_schema, schema_file

PROJECT = Path(__file__).resolve().parents[1]
_GENERATED = "<!-- Generated from the code: python -m docs.generate -->\n"

#: Each table of rhythm.toml by its class: how the page calls it.
_HEADINGS = {
    "GroupSettings": "`[groups.NAME]`",
    "StepSettings": "A step",
    "EndpointSettings": "`[[endpoints]]`",
    "Expect": "`[endpoints.expect]`",
    "PacingSettings": "`[pacing]`",
    "HealthSettings": "`[health]`",
    "Limits": "`[health.cpu]` `[health.memory]` `[health.disk]`",
    "BreakerSettings": "`[breaker]`",
    "TrendSettings": "`[trends]`",
    "Target": "`[trends.cpu]` `[trends.memory]`",
    "RoutingSettings": "`[routing]`",
    "CleanupSettings": "`[cleanup]`",
    "CleanupRule": "`[[cleanup.match]]`",
    "ReplanSettings": "`[replans]`",
}

_RHYTHM_TOML = """
# rhythm.toml

Every key that rhythm.toml may have. `rhythm check` validates the file; an unknown key is an error.

**Which file.** The one that `RHYTHM_CONFIG` names, else rhythm.toml in the current folder, else the one that
ships with Rhythm. `rhythm up` and `rhythm check` print its path. The next beat reads what you change.

**Variables.** Every key is also a variable of the environment, which wins over the file: `RHYTHM_TIMEZONE`,
and with two underscores for each level below, `RHYTHM_GROUPS__HEALTH_CHECK__EVERY=5m`. Lists and tables are
written as JSON: `RHYTHM_ALLOW='["D:/tools"]'`.

**Editors.** An editor that knows TOML schemas completes and checks the file by its first line,
`#:schema docs/reference/rhythm.schema.json`. For a file elsewhere, write the schema beside it with
`rhythm config schema > rhythm.schema.json`, and name that.

**Values.** A *duration* is a number and a unit, or several: `"90s"`, `"10m"`, `"2h"`, `"1d"`, `"1h30m"`; at
most 366 days. A number alone is seconds. A *command* is a string, split as a POSIX shell would, or a list of
words, taken as it is. In a *path*, `~` is your home folder.
"""

_BUILT_IN_STEPS = """
# Built-in steps

What a group can run beside your own scripts. Name one in `steps`, with its options, as you would name a
script. `rhythm step NAME` runs one manually, without Prefect.

Each step leaves what it found in the latest report of its group, on the page `/artifacts` of Prefect's UI.
What it measures goes to the [database of measurements](../explanation/what-is-where.md).
"""


_COMMANDS = """
# Commands

Every command ends with exit code 0 if all is well; 1 if its work has failed, or has found something wrong;
2 if the call or rhythm.toml cannot be used; and 130 at Ctrl-C. Results are on stdout, errors and warnings on
stderr.

`--json` may stand anywhere behind `rhythm`, but before a `--`: exactly one JSON object is then on stdout. If
the command could not do its work, the object has a key `error`, and, where it knows what to correct,
`problems`: a list of objects with `where`, `problem` and `remedy`. What is on stderr stays the same. `--help`
is always text.
"""


def rhythm_toml() -> str:
    """Return the reference page of rhythm.toml."""
    schema = json_schema()
    parts = [_GENERATED + _RHYTHM_TOML, "## Top level\n", _table(schema, schema)]
    for name in _in_order(schema, schema, set()):
        found = schema["$defs"][name]
        parts += [f"## {_HEADINGS[name]}\n", f"{found['description']}\n", _table(schema, _table_of(found))]
    return "\n".join(parts)


def built_in_steps() -> str:
    """Return the reference page of the built-in steps: of each its docstring, and what --help prints."""
    parts = [_GENERATED + _BUILT_IN_STEPS]
    for name in builtin.NAMES:
        parts += [f"## {name}\n", f"{inspect.getdoc(built_in(name))}\n", f"```text\n{_help(name)}```\n"]
    return "\n".join(parts)


def commands() -> str:
    """Return the reference page of the commands."""
    root = click.Context(COMMANDS, info_name=PROGRAM, **COMMANDS.context_settings)
    return "\n".join([_GENERATED + _COMMANDS, *_sections(root)])


#: Each generated file, by its path in the project.
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/rhythm-toml.md": rhythm_toml,
    "docs/reference/built-in-steps.md": built_in_steps,
    "docs/reference/commands.md": commands,
    "docs/reference/rhythm.schema.json": schema_file,
}


def _sections(root: click.Context) -> Iterator[str]:
    yield from _section(COMMANDS, root)
    for name, command in COMMANDS.commands.items():
        yield from _section(command, click.Context(command, root, name))


def _section(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {context.command_path}\n\n{command.help}\n\n```\n{usage}\n```\n"
    records = [param.get_help_record(context) for param in command.get_params(context)]
    rows = [record for record in records if record and record[0] != "-h, --help"]
    if rows:
        yield "| Argument | Meaning |\n| --- | --- |"
        yield from (f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows)
        yield ""
    if command.epilog:
        _, lines, text = command.epilog.rpartition("\b")  # Click's sign that lines stay as they are
        yield f"```text\n{text.strip()}\n```\n" if lines else f"{text}\n"


def _in_order(schema: Mapping[str, Any], table: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield the names of all tables that a table leads to, each followed by those that it leads to."""
    for value in _table_of(table)["properties"].values():
        if (name := _reference(value)) and name not in seen:
            seen.add(name)
            yield name
            yield from _in_order(schema, schema["$defs"][name], seen)


def _table_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a schema that is a table: a step may be a string or a list as well."""
    return next(each for each in (schema, *schema.get("anyOf", ())) if "properties" in each)


def _reference(value: Mapping[str, Any]) -> str:
    """Return the name of the table that a key holds, one or many; empty if it holds none."""
    for found in (value, value.get("items", {}), *value.get("patternProperties", {}).values()):
        if "$ref" in found:
            return str(found["$ref"]).rpartition("/")[2]
    return ""


def _table(schema: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    """Return the Markdown table of a table's keys."""
    lines = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for key, value in table["properties"].items():
        kind, of_its_own = _kind(value), {}
        if name := _reference(value):
            several = "list of " if value.get("type") == "array" else ""
            kind = f"{several}[table{'s' if several else ''}]({_anchor(_HEADINGS[name])})"
            of_its_own = _defaults(_table_of(schema["$defs"][name]))
        default = f"`{_toml(value['default'])}`" if value.get("default", of_its_own) != of_its_own else ""
        default = "required" if key in table.get("required", ()) else default
        examples = ", ".join(f"`{_toml(each)}`" for each in value.get("examples", ()))
        meaning = value["description"] + (f" Example: {examples}" if examples else "")
        lines.append(f"| `{key}` | {kind} | {_cell(default)} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def _defaults(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of a table's keys: what the table has if the file leaves it out, as a rule."""
    return {key: value["default"] for key, value in table["properties"].items() if "default" in value}


def _kind(value: Mapping[str, Any]) -> str:
    """Return the type of a key, as a reader calls it."""
    if "title" in value:
        return str(value["title"])
    if "enum" in value:
        return ", ".join(f"`{_toml(each)}`" for each in value["enum"])
    if _reference(value):
        return "table"
    if value["type"] == "array":
        return f"list of {_kind(value['items'])}s"
    if value["type"] == "object":
        return "table of strings"
    known = {"boolean": "Boolean", "integer": "whole number", "path": "path", "uri": "URL"}
    kind = known.get(value.get("format", ""), known.get(value["type"], value["type"]))
    limits = [value[key] for key in ("minimum", "maximum") if key in value]
    return f"{kind}, {limits[0]:g} to {limits[1]:g}" if len(limits) > 1 else kind


def _toml(value: Any) -> str:
    """Return a value as rhythm.toml writes it: as JSON does, but for tables."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _anchor(heading: str) -> str:
    """Return the link to a heading, as GitHub makes its name."""
    kept = "".join(each for each in heading.lower() if each.isalnum() or each in " -_")
    return "#" + kept.strip().replace(" ", "-")


def _help(name: str) -> str:
    """Return what a built-in step prints for --help, 100 columns wide."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    context = Context(Settings.model_construct(), logging.getLogger(name), now=lambda: now)
    printed = io.StringIO()
    with mock.patch.dict(os.environ, COLUMNS="100"), redirect_stdout(printed), suppress(HelpShown):
        built_in(name).main(["--help"], context)
    return printed.getvalue()


def main() -> None:
    """Write every page."""
    for path, page in PAGES.items():
        (PROJECT / path).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
