"""What Prefect's UI shows of a group's deployment: when it runs, after what, and its steps. Pure."""

from __future__ import annotations

from tasks.markdown import escaped
from tasks.settings.calendar.phrase import phrase
from tasks.settings.groups import MAIN, GroupSettings
from tasks.settings.rhythm_toml import Settings

_ON_RUNS = (
    "Beats run it. One that is run from here waits until its lane is free, and uses up the slot as well."
)


def group_description(name: str, settings: Settings, purpose: str = "") -> str:
    """Return the description of a group of `settings` in Markdown, after a few words on its `purpose`."""
    group = settings.groups[name]
    facts = {
        "When": _calendar(group, settings),
        "After": ", ".join(group.after),
        "Lane": "" if group.lane == MAIN else group.lane,
        "Steps": ", ".join(step.name for step in group.steps),
    }
    listed = "\n".join(f"- **{fact}:** {_literal(text)}" for fact, text in facts.items() if text)
    return "\n\n".join(filter(None, (purpose.strip(), listed, _ON_RUNS)))


def _calendar(group: GroupSettings, settings: Settings) -> str:
    if not group.enabled:
        return "never, as rhythm.toml has enabled = false"
    zone = None if group.calendar.is_plain else group.timezone or settings.timezone
    return phrase(group.calendar, zone)


def _literal(text: str) -> str:
    """Return Markdown that reads as the text, and that `prefect deploy` takes for no template."""
    return escaped(text).replace("{{", "{&#8203;{")
