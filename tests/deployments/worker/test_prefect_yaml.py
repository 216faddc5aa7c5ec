"""prefect.yaml has a deployment for each group, and all that people typed stays as they typed it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deployments.worker.prefect_yaml import (
    changes,
    document,
    effective,
    for_deploying,
    for_groups,
    group_of,
    has_rhythm,
    named,
    own,
    read,
    update,
)
from tasks.settings.project import DEFAULTS
from tests.flows.rhythms import FIVE
from tests.flows.rhythms import rhythm as plain

SHIPPED = read(DEFAULTS / "prefect.yaml")
PLAIN = plain()
HOME = PLAIN.model_copy(update={"name": "home"})
OWN = plain(groups={"backup": {"every": "1h"}})

#: As somebody may have made of it: own deployments, fields and comments, brackets, another margin.
EDITED = """\
# my project
name:   ours   # and theirs
deployments:
- name: rhythm   # every five minutes
  entrypoint: rhythm_entry.rhythm
  version: "{{ $RHYTHM_CODE_VERSION }}"
  tags: [rhythm, 우리]
  work_pool: {name: rhythm}
  schedules:
  - {slug: beat, interval: 300, timezone: UTC}
  # nightly: true
- {name: health-check, entrypoint: rhythm_entry.health_check, description: Mine.}

# the report is mine
- name: report
  entrypoint: report.py:report
  work_pool: {name: rhythm}
  description: |
    One.

    Two.
"""


def test_each_new_group_is_added_as_the_rhythm_is_and_only_then() -> None:
    added = for_groups(SHIPPED, [*FIVE, "backup", "on"])

    assert added == SHIPPED + "".join(
        f"\n  - name: {name}\n    entrypoint: rhythm_entry.{group}\n"
        "    version: *version\n    tags: *tags\n    work_pool: *pool\n"
        for name, group in (("backup", "backup"), ('"on"', "on"))
    )
    assert changes(SHIPPED, added) == "added backup, on"
    assert for_groups(added, [*FIVE, "backup", "on"]) == added


def test_those_of_groups_that_are_gone_are_taken_away_and_come_back_the_same() -> None:
    only = for_groups(SHIPPED, ["health_check"])

    assert [one["name"] for one in document(only)["deployments"]] == ["rhythm", "health-check"]
    assert changes(SHIPPED, only).startswith("removed performance_analysis, system_maintenance")
    assert for_groups(only, FIVE) == SHIPPED


def test_what_people_have_typed_stays_to_the_byte_around_what_is_added() -> None:
    before, after = EDITED.split("\n# the report is mine")

    assert for_groups(EDITED, ["health_check", "backup"]) == (
        before
        + "\n- name: backup\n  entrypoint: rhythm_entry.backup\n"
        + '  version: "{{ $RHYTHM_CODE_VERSION }}"\n'
        + '  tags: ["rhythm", "우리"]\n  work_pool: {"name": "rhythm"}\n'
        + "\n# the report is mine"
        + after
    )


def test_one_that_somebody_has_changed_is_not_taken_away_but_not_deployed_either() -> None:
    edited = for_groups(EDITED, ["backup"])

    assert {one["name"] for one in own(document(edited))} == {"rhythm", "health-check", "backup"}
    deployed = for_deploying(document(edited), ["backup"])["deployments"]
    assert [one["name"] for one in deployed] == ["rhythm", "backup", "report"]


def test_a_description_that_came_with_an_older_file_was_typed_by_nobody() -> None:
    older = SHIPPED.replace(
        "  - name: daily-routine\n",
        "  - name: daily-routine\n    description: Once a day, what a person reads in the morning.\n",
    )

    assert "daily-routine" not in for_groups(older, ["health_check"])
    assert "daily-routine" in for_groups(older.replace("in the morning", "at night"), ["health_check"])


@pytest.mark.parametrize(
    "text",
    [
        SHIPPED.replace("\n", "\r\n"),
        SHIPPED.rstrip("\n"),
        "\ufeff" + SHIPPED,
        "---\n" + SHIPPED + "...\n",
        "".join(f"    {line}" if line[:2] in ("- ", "  ") else line for line in EDITED.splitlines(True)),
    ],
    ids=["CRLF", "no end of line", "BOM", "marks of a document", "margin"],
)
def test_the_files_own_line_ends_and_margins_are_kept(text: str) -> None:
    groups = ["health_check", "performance_analysis", "backup"]

    edited = for_groups(text, groups)

    assert {"backup", *groups} <= {group_of(one) for one in own(document(edited))}
    assert ("\r\n" in edited) == ("\r\n" in text)
    assert edited.count("\n") == edited.count("\r\n") or "\r\n" not in text
    assert [line for line in text.splitlines() if line in set(edited.splitlines())]
    assert for_groups(edited, groups) == edited


@pytest.mark.parametrize(
    "text",
    [
        "deployments: [{name: rhythm, entrypoint: rhythm_entry.rhythm}]\n",
        "deployments:\n  -\n    name: rhythm\n    entrypoint: rhythm_entry.rhythm\n",
        "x: &all [{name: rhythm, entrypoint: rhythm_entry.rhythm}]\ndeployments: *all\n",
        "deployments:\n  - {name: mine, entrypoint: mine.py:mine}\n",
        "",
        "not: [yaml",
    ],
)
def test_what_cannot_be_edited_without_touching_the_rest_is_left_and_deployed_all_the_same(text: str) -> None:
    assert for_groups(text, ["backup"]) == text
    names = [group_of(one) for one in own(for_deploying(document(text), ["backup"]))]
    assert names == (["rhythm", "backup"] if has_rhythm(document(text)) else [])


_GROUPS = st.lists(
    st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z") | st.sampled_from(list(FIVE)), unique=True, max_size=6
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.text(max_size=20) | st.just("Is all that the others rely on up?"),
        "paused": st.booleans(),
        "parameters": st.dictionaries(st.sampled_from("ab"), st.integers() | st.text(max_size=5)),
    },
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a prefect.yaml as PyYAML writes it, of groups and of others, and the groups of rhythm.toml."""
    shared = {"version": "v", "tags": ["rhythm"], "work_pool": {"name": "rhythm"}}
    there = draw(_GROUPS)
    ours: list[dict[str, Any]] = [
        {"name": name.replace("_", "-"), "entrypoint": f"rhythm_entry.{name}", **shared, **draw(_FIELDS)}
        for name in there
        if name != "rhythm"
    ]
    others = [{"name": name, "entrypoint": f"{name}.py:main"} for name in draw(_GROUPS)]
    beat = {"name": "rhythm", "entrypoint": "rhythm_entry.rhythm", **shared}
    listed = draw(st.permutations([beat, *ours, *others]))
    style = draw(st.sampled_from([None, False]))
    text = yaml.safe_dump(
        {"name": "x", "deployments": listed},
        sort_keys=False,
        allow_unicode=draw(st.booleans()),
        default_flow_style=style,
    )
    wanted = draw(_GROUPS) + draw(st.lists(st.sampled_from(there or ["a"]), unique=True))
    return text, list(dict.fromkeys(name for name in wanted if name != "rhythm"))


@given(files())
def test_whatever_the_file_has_all_groups_are_in_it_and_nothing_of_others_is_lost(
    drawn: tuple[str, list[str]],
) -> None:
    text, groups = drawn
    before = document(text)

    edited = for_groups(text, groups)

    after = document(edited)
    assert {group_of(one) for one in own(after)} >= set(groups)
    kept = [one for one in after["deployments"] if one in before["deployments"]]
    assert kept == [one for one in before["deployments"] if one in kept]
    lost = [one for one in before["deployments"] if one not in kept]
    assert all(group_of(one) not in groups and not {"paused", "parameters"} & one.keys() for one in lost)
    assert for_groups(edited, groups) == edited
    assert (edited == text) == (after == before)


def test_a_rhythm_with_a_name_has_it_wherever_the_plain_one_has_its_own() -> None:
    users = {"name": "rhythm", "entrypoint": "mine.py:mine", "work_pool": {"name": "rhythm"}}
    nightly = {"name": "nightly", "entrypoint": "rhythm_entry.health_check", "work_pool": {"name": "big"}}
    ours = {
        "name": "health-check",
        "entrypoint": "rhythm_entry.health_check",
        "work_pool": {"name": "rhythm"},
        "tags": ["rhythm", "mine"],
    }
    written = {"name": "a folder", "deployments": [users, nightly, ours]}

    assert named(written, PLAIN) == written
    assert named(written, HOME)["deployments"] == [
        users,
        nightly,
        ours | {"name": "home", "work_pool": {"name": "home"}, "tags": ["home", "mine"]},
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHYTHM_CONFIG", str(tmp_path / "rhythm.toml"))
    return tmp_path


def test_the_file_is_made_then_kept_up_to_date_and_not_written_when_nothing_changes(folder: Path) -> None:
    path = folder / "prefect.yaml"

    assert update(OWN) == [f"written: {path}"]
    assert read(path) == for_groups(SHIPPED, ["backup"])
    before = path.stat()
    assert update(OWN) == []
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    more = plain(groups={"backup": {"every": "1h"}, "report": {"every": "1d"}})
    assert update(more) == [f"written: {path} (added report)"]
    assert list(folder.iterdir()) == [path]


def test_what_cannot_be_brought_up_to_date_is_said_with_what_to_do(folder: Path) -> None:
    path = folder / "prefect.yaml"
    path.write_text(EDITED, encoding="utf-8")
    (said,) = [news for news in update(OWN) if not news.startswith("written")]
    assert said.startswith(f"{path} has health-check, changed by somebody, and rhythm.toml has no")

    path.write_text("deployments: [{name: rhythm, entrypoint: rhythm_entry.rhythm}]\n", encoding="utf-8")
    assert update(OWN) == [f"{path} lacks backup, as its list is not one item a line: deployed without it"]
    assert [one["name"] for one in own(effective(OWN))] == ["rhythm", "backup"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no links")
def test_a_link_to_the_file_stays_one(folder: Path) -> None:
    target = folder / "there" / "mine.yaml"
    target.parent.mkdir()
    target.write_text(SHIPPED, encoding="utf-8")
    (folder / "prefect.yaml").symlink_to(target)

    update(OWN)

    assert (folder / "prefect.yaml").is_symlink()
    assert "rhythm_entry.backup" in read(target)


@pytest.mark.parametrize("text", ["", "not: [yaml", "deployments: [{name: mine, entrypoint: mine.py:mine}]"])
def test_a_prefect_yaml_that_does_not_deploy_the_rhythm_is_left_to_the_user(text: str, folder: Path) -> None:
    (folder / "prefect.yaml").write_text(text, encoding="utf-8")

    assert update(OWN) == []
    assert read(folder / "prefect.yaml") == text
    assert [one["name"] for one in own(effective(OWN))] == ["rhythm", "backup"]
