"""prefect.yaml: what `prefect deploy --all` deploys, with a deployment for each group of rhythm.toml.

The file is the user's own. Only whole deployments are added and taken away, none that somebody has changed is
taken away, and all else stays as it was typed, to the byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flows.memory import naming
from flows.memory.naming import flow_name
from tasks.files import atomic_file
from tasks.settings.name import DEFAULT
from tasks.settings.project import DEFAULTS, ENTRY, folder
from tasks.settings.rhythm_toml import Settings

NAME = "prefect.yaml"

#: What a group's deployment has as the beat's own has it.
_SHARED = ("version", "tags", "work_pool")
#: Where it finds the version. Without it, Prefect takes a version of its own.
VARIABLE = "RHYTHM_CODE_VERSION"
_VERSION = f"{{{{ ${VARIABLE} }}}}"
_MANY = 8  # names, of which no more are listed
#: What a file may have for all of its deployments.
_STEPS = {"build", "push", "pull"}
#: The descriptions that files from before descriptions came from rhythm.toml have: nobody has typed them.
_ONCE_SHIPPED = (
    "Is all that the others rely on up?",
    "How fast is it, and which way is it going?",
    "Keeps the machine clean, and its measurements complete.",
    "Once a day, what a person reads in the morning.",
    "What happened over the last hours, and what to change.",
)


def read(path: Path) -> str:
    """Return the text of a prefect.yaml; "" if it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:  # with the line ends that it has
            return file.read()
    except (OSError, ValueError):
        return ""


def document(text: str) -> dict[str, Any]:
    """Return what a prefect.yaml has; {} if it is none."""
    try:
        found = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return {}  # not ours, whatever it is
    is_one = isinstance(found, dict) and isinstance(found.get("deployments"), list)
    return found if is_one else {}


def own(deployed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return Rhythm's deployments of a prefect.yaml, which may have others beside them."""
    return [one for one in deployed.get("deployments", []) if _is_own(one)]


def _is_own(one: object) -> bool:
    return (
        isinstance(one, dict)
        and str(one.get("entrypoint")).startswith(f"{ENTRY}.")
        and isinstance(one.get("name"), str)
    )


def has_rhythm(deployed: dict[str, Any]) -> bool:
    """Whether a prefect.yaml deploys the rhythm; if not, it is left to the user."""
    return _beat(deployed) is not None


def _beat(deployed: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in own(deployed) if group_of(one) == naming.RHYTHM), None)


def group_of(one: dict[str, Any]) -> str:
    """Return the group that one of ours deploys, or the flow of the beat."""
    return str(one["entrypoint"]).removeprefix(f"{ENTRY}.")


def for_groups(text: str, groups: Iterable[str]) -> str:
    """Given a prefect.yaml that deploys the rhythm, return it with a deployment for each of the groups.

    Those of other groups are taken away unless somebody has changed them. What cannot be edited without
    touching anything else is returned as it is: a list in brackets, for example.
    """
    names, before = list(groups), document(text)
    beat = _beat(before)
    if beat is None:
        return text
    gone = [one for one in own(before) if _is_of_another(one, names) and _is_as_made(one, beat)]
    missing = _missing(before, names)
    items = _items(text)
    if not (gone or missing) or len(items) != len(before["deployments"]):
        return text
    for taken in (gone, []):  # one that has an anchor of others cannot be taken away
        kept = [one for one in before["deployments"] if one not in taken]
        last = max(index for index, one in enumerate(kept) if _is_own(one)) + 1
        made = [_made(each, beat) for each in missing]
        edited = _edited(text, before, items, taken, missing)
        if document(edited) == before | {"deployments": [*kept[:last], *made, *kept[last:]]}:
            return edited
    return text


def for_deploying(deployed: dict[str, Any], groups: Iterable[str]) -> dict[str, Any]:
    """Given a prefect.yaml that deploys the rhythm, return it with exactly these groups.

    Other deployments than Rhythm's stay.
    """
    names, beat = list(groups), _beat(deployed)
    if beat is None:
        return deployed
    kept = [one for one in deployed["deployments"] if not (_is_own(one) and _is_of_another(one, names))]
    made = [_made(each, beat) for each in _missing(deployed, names)]
    return deployed | {"deployments": [*kept, *made]}


def named(deployed: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Given a prefect.yaml, return it with this rhythm's names where it has the plain ones."""

    def renamed(one: dict[str, Any]) -> dict[str, Any]:
        pool, tags = one.get("work_pool"), one.get("tags")
        changed: dict[str, Any] = {}
        if one["name"] == flow_name(group_of(one)):
            changed["name"] = naming.deployment(settings, one["name"])
        if isinstance(pool, dict) and pool.get("name") == DEFAULT:
            changed["work_pool"] = {**pool, "name": naming.pool(settings)}
        if isinstance(tags, list):
            changed["tags"] = [settings.name if tag == DEFAULT else tag for tag in tags]
        return one | changed

    found = [renamed(one) if _is_own(one) else one for one in deployed.get("deployments", [])]
    return deployed | {"deployments": found}


def effective(settings: Settings) -> dict[str, Any]:
    """Return what is deployed: the prefect.yaml of the user's folder if it has ours, or the default.

    It has the groups of rhythm.toml and this rhythm's names.
    """
    found = document(read(folder() / NAME))
    if not has_rhythm(found):
        found = document(read(DEFAULTS / NAME))
    return named(for_deploying(found, settings.groups), settings)


def plain_groups(deployed: dict[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """Return the groups' deployments that have nothing of their own, nor of the file's own."""
    if _STEPS & deployed.keys():
        return []
    shared = {"version": _VERSION, "tags": [settings.name], "work_pool": {"name": naming.pool(settings)}}
    return [
        one
        for one in own(deployed)
        if group_of(one) in settings.groups and one == _made(group_of(one), shared) | {"name": one["name"]}
    ]


def update(settings: Settings) -> list[str]:
    """Bring the prefect.yaml of the user's folder up to date with rhythm.toml; return the news, for people.

    One that is not there is made; one that does not deploy the rhythm, or is up to date, is left alone.
    """
    path = folder() / NAME
    before = read(path)
    if path.exists() and not has_rhythm(document(before)):
        return []
    after = for_groups(before or read(DEFAULTS / NAME), settings.groups)
    news = []
    if after != before:
        try:
            atomic_file.write_users_text(path.resolve(), after)  # not the link to it
            news.append(f"written: {path} ({changes(before, after)})" if before else f"written: {path}")
        except OSError as error:
            if before:  # one that is not there is missed by nobody
                news.append(f"{path} cannot be written ({error.strerror}): deployed without it")
            after = before
    return [*news, *(_differences(path, document(after), settings) if after else [])]


def changes(before: str, after: str) -> str:
    """Return what is in one prefect.yaml and not in the other, by the groups' names."""
    old, new = ([group_of(one) for one in own(document(text))] for text in (before, after))
    parts = (
        ("added", [name for name in new if name not in old]),
        ("removed", [name for name in old if name not in new]),
    )
    return "; ".join(f"{what} {listed(names)}" for what, names in parts if names)


def listed(names: Sequence[str]) -> str:
    """Return names as a message has them: of many, the first."""
    if len(names) > _MANY:
        return f"{', '.join(names[:_MANY])} and {len(names) - _MANY} more"
    return ", ".join(names)


def _differences(path: Path, deployed: dict[str, Any], settings: Settings) -> Iterator[str]:
    """Yield where the file differs from rhythm.toml, and cannot be made not to."""
    for one in own(deployed):
        if _is_of_another(one, settings.groups):
            yield (
                f"{path} has {one['name']}, changed by somebody, and rhythm.toml has no group "
                f"{group_of(one)}: it is not deployed. Take it out there."
            )
    if missing := _missing(deployed, settings.groups):
        yield f"{path} lacks {listed(missing)}, as its list is not one item a line: deployed without it"


def _is_of_another(one: dict[str, Any], groups: Iterable[str]) -> bool:
    return group_of(one) not in (naming.RHYTHM, *groups)


def _missing(deployed: dict[str, Any], groups: Iterable[str]) -> list[str]:
    there = {group_of(one) for one in own(deployed)}
    return [name for name in groups if name not in there]


def _made(group: str, beat: dict[str, Any]) -> dict[str, Any]:
    """Return the deployment of a group, as it is made beside the beat's."""
    shared = {key: beat[key] for key in _SHARED if key in beat}
    return {"name": flow_name(group), "entrypoint": f"{ENTRY}.{group}", **shared}


def _is_as_made(one: dict[str, Any], beat: dict[str, Any]) -> bool:
    rest = dict(one)
    described = rest.pop("description", _ONCE_SHIPPED[0])
    return described in _ONCE_SHIPPED and rest == _made(group_of(one), beat)


@dataclass(slots=True)
class _Node:
    """A node of YAML, where it was typed: an alias is one, too."""

    event: Any
    children: list[_Node] = field(default_factory=list)
    end: Any = None

    @property
    def last_line(self) -> int:
        """The line that it ends in; a block scalar ends before the line in which the next token is."""
        own_end = self.end.line - (self.end.column == 0 and self.end.line > self.event.start_mark.line)
        return max([child.last_line for child in self.children], default=own_end)

    def value(self, key: str) -> _Node | None:
        """Return a mapping's value, by its key."""
        pairs = zip(self.children[::2], self.children[1::2], strict=False)
        return next((value for name, value in pairs if getattr(name.event, "value", None) == key), None)


@dataclass(frozen=True, slots=True)
class _Item:
    """A deployment as it was typed: its lines, its dash's column, and by which anchors to refer to values."""

    first: int
    last: int
    dash: int
    anchors: dict[str, str]


def _items(text: str) -> list[_Item]:
    """Return where the deployments are; [] if they are not typed one below the other, each after a dash."""
    events = yaml.parse(text, Loader=yaml.SafeLoader)
    lines = text.splitlines()
    for _ in ("stream", "document"):
        next(events)
    found = _node(events).value("deployments")
    if found is None or getattr(found.event, "flow_style", True):
        return []
    items = []
    for node in found.children:
        first = node.event.start_mark.line
        before = lines[first][: node.event.start_mark.column]
        if before.strip() != "-":
            return []
        values = {key: node.value(key) for key in _SHARED}
        anchors = {key: value.event.anchor for key, value in values.items() if value and value.event.anchor}
        items.append(_Item(first, node.last_line, before.index("-"), anchors))
    return items


def _node(events: Iterator[Any]) -> _Node:
    """Take a node's events, and return it."""
    event = next(events)
    node = _Node(event, end=event.end_mark)
    if isinstance(event, yaml.CollectionStartEvent):
        while not isinstance((child := _node(events)).event, yaml.CollectionEndEvent):
            node.children.append(child)
        if event.flow_style:
            node.children, node.end = [], child.end
    return node


def _edited(
    text: str,
    before: dict[str, Any],
    items: Sequence[_Item],
    gone: Sequence[dict[str, Any]],
    missing: Sequence[str],
) -> str:
    """Return the text without the deployments `gone`, and with those of the groups `missing`."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    pairs = list(zip(before["deployments"], items, strict=True))
    beat = next(item for one, item in pairs if _is_own(one) and group_of(one) == naming.RHYTHM)
    last = max(item.last for one, item in pairs if _is_own(one) and one not in gone) + 1
    while last < len(lines) and _is_comment_within(lines[last], beat.dash):
        last += 1
    for one, item in pairs:
        if one in gone:  # lines are emptied, so that the others keep their numbers
            lines[item.first : item.last + 1] = [""] * (item.last + 1 - item.first)
            if item.first and not lines[item.first - 1].strip():
                lines[item.first - 1] = ""  # the blank line that set it apart
    if missing and lines[last - 1][-1:] not in ("\n", "\r"):
        lines[last - 1] += end
    lines.insert(last, "".join(end + _typed(each, before, beat, end) for each in missing))
    return "".join(lines)


def _typed(group: str, deployed: dict[str, Any], beat: _Item, end: str) -> str:
    """Return a group's deployment as lines with the margin and the anchors that the beat's has."""
    made = _made(group, _beat(deployed) or {})
    margin = " " * beat.dash
    values = {key: _scalar(value) for key, value in made.items()}
    values |= {key: f"*{anchor}" for key, anchor in beat.anchors.items()}
    dashes = ["- ", *["  "] * (len(values) - 1)]
    pairs = zip(dashes, values.items(), strict=True)
    return "".join(f"{margin}{dash}{key}: {value}{end}" for dash, (key, value) in pairs)


def _scalar(value: Any) -> str:
    """Return a value in one line: JSON is YAML, but a plain word needs no quotes."""
    is_word = isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_.-]*", value)
    if is_word and yaml.safe_load(value) == value:  # "on" and "null" are no words there
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _is_comment_within(line: str, dash: int) -> bool:
    """Whether a line is a comment that belongs to the deployment before it, by its margin."""
    words = line.lstrip(" ")
    return words.startswith("#") and len(line) - len(words) > dash
