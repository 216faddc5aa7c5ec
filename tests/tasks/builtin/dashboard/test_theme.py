"""The colours: enough contrast, light and dark, and never alone."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tasks.builtin.dashboard import theme
from tasks.outcome import Outcome

CSS = files("tasks.builtin.dashboard").joinpath("page.css").read_text(encoding="utf-8")


def palette(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light if scheme == "light" else dark))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.2 has it: 1 to 21."""

    def luminance(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_signs_stand_out_from_their_ground(scheme: str) -> None:
    colours = palette(scheme)

    for text in ("ink", "muted"):
        assert contrast(colours[text], colours["card"]) >= 4.5
        assert contrast(colours[text], colours["ground"]) >= 4.5
    for level in ("ok", "warning", "critical"):
        assert contrast(colours[level], colours[f"{level}-ground"]) >= 4.5
    for sign in ("blue", "green", "orange", "vermillion", "purple"):
        assert contrast(colours[sign], colours["card"]) >= 3


def test_light_and_dark_have_the_same_colours() -> None:
    assert palette("light").keys() == palette("dark").keys()


def test_every_outcome_has_a_shape_of_its_own() -> None:
    assert theme.OUTCOMES.keys() == set(Outcome)
    paths = [look.path for look in [*theme.OUTCOMES.values(), theme.UNKNOWN]]
    holds = dict(theme.HOLDS.values())
    paths += [look.path for look in holds]
    assert len(set(paths)) == len(paths)
    assert len(set(holds.values())) == len(holds)
    assert len({thick for _, thick in theme.BREAKERS.values()}) == len(theme.BREAKERS)
