"""The page in a real browser: drawn, silent, alone, and readable on any screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tasks.builtin.dashboard.data import Past
from tasks.builtin.dashboard.essence import essence
from tasks.builtin.dashboard.page import page
from tasks.outcome import Outcome
from tasks.store.measurements import CPU, MEMORY, GroupEvent, Probe, Sample, StepUsage, Transition
from tasks.store.store import Store
from tests.browser import Page
from tests.tasks.builtin.dashboard.conftest import NOW, MakePast, keep

Show = Callable[[Past], Page]

EVIL = [
    '</script><script>window.evil = "script"</script>',
    "<!-- <script> <img src=x onerror=\"window.evil = 'img'\">",
    "\" onmouseover=\"window.evil = 'attribute'\" '",
    "{{ 7 * 7 }} {% raw %} datum['x'] \\u003cb\\u003e \u2028\u2029 \x00 % 한국어 🎵",
    "</style></title></textarea><b>bold</b>",
    "constructor",
]
#: How many marks each chart has.
MARKS = """Object.fromEntries([...document.querySelectorAll(".chart")].map(chart =>
    [chart.id, chart.querySelectorAll("svg .role-mark :is(path, text, line)").length]))"""
#: What is cut off: words of a chart that reach out of it.
CUT = """[...document.querySelectorAll(".chart svg text")].filter(text => {
    const word = text.getBoundingClientRect(), all = text.closest("section").getBoundingClientRect();
    return word.width && (word.left < all.left || word.right > all.right);
}).map(text => text.textContent)"""


def overlapping(page: Page) -> list[str]:
    """Words in a chart's axis or row that stand on each other."""
    found: list[str] = page.value(
        """[...document.querySelectorAll(".chart svg")].flatMap(svg => {
            const words = [...svg.querySelectorAll("text")].map(text =>
                [text.textContent, text.getBoundingClientRect(), +getComputedStyle(text).opacity])
                .filter(([, box, opacity]) => box.width && opacity);
            return words.flatMap(([word, box], index) => words.slice(index + 1).filter(([, other]) =>
                box.left < other.right && other.left < box.right &&
                box.top < other.bottom - 3 && other.top < box.bottom - 3
            ).map(([other]) => `${word} | ${other}`));
        })"""
    )
    return found


def is_sound(page: Page) -> None:
    """Nothing is complained of, nothing was asked for but the page, and nothing is wider than the screen."""
    assert page.complaints == []
    assert len(page.requests) == 1
    assert page.requests[0].startswith("file:")
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.value(CUT) == []


def test_everything_is_drawn_and_nothing_is_complained_of(show: Show, week: Past) -> None:
    shown = show(week)

    is_sound(shown)
    assert overlapping(shown) == []
    marks = shown.value(MARKS)
    assert len(marks) == 18
    assert min(marks.values()) >= 3
    assert marks["beats-1"] > 200
    keep(shown, "full-light")


@pytest.mark.parametrize(("name", "width"), [("phone", 390), ("small-phone", 320), ("tablet", 768)])
def test_a_small_screen_needs_no_scrolling_sideways(show: Show, week: Past, name: str, width: int) -> None:
    shown = show(week)
    shown.shape(width, 844)
    shown.wait_for(f"[...document.querySelectorAll('.chart svg')].every(each => each.clientWidth < {width})")

    is_sound(shown)
    assert overlapping(shown) == []
    sizes = "[...document.querySelectorAll('svg text')].map(text => getComputedStyle(text).fontSize)"
    assert min(float(size.removesuffix("px")) for size in shown.value(sizes)) >= 12
    keep(shown, name)


def test_dark_is_dark_down_to_the_charts(show: Show, week: Past) -> None:
    shown = show(week)
    ink = "getComputedStyle(document.querySelector('#beats-1 .role-mark text')).fill"
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = shown.value(f"[{ink}, {ground}]")
    shown.shape(1200, 900, "dark")

    dark = shown.value(f"[{ink}, {ground}]")

    def brightness(colour: str) -> int:
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert brightness(light[0]) < 200 < 600 < brightness(light[1])
    assert brightness(dark[1]) < 200 < 600 < brightness(dark[0])
    is_sound(shown)
    keep(shown, "full-dark")


def test_on_paper_it_is_light_and_as_wide_as_the_paper(show: Show, week: Past) -> None:
    shown = show(week)
    shown.shape(720, 1000, "dark", media="print")

    ink = shown.value("getComputedStyle(document.body).color")
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) < 200
    assert shown.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_data_every_part_says_so_in_words(show: Show, make_past: MakePast) -> None:
    shown = show(make_past(lambda store: None))

    is_sound(shown)
    words = shown.value("[...document.querySelectorAll('section:not(.essence)')].map(each => each.innerText)")
    assert len(words) == 7
    assert all("No data yet: " in each for each in words)
    assert shown.value("document.querySelectorAll('.chart').length") == 0
    assert shown.value("document.querySelector('h1').innerText") == "warning One thing needs attention"
    keep(shown, "no-data")


def test_a_single_measurement_is_drawn(show: Show, make_past: MakePast) -> None:
    at = NOW - timedelta(minutes=5)

    def write(store: Store) -> None:
        store.add_samples([Sample(at, CPU, 40)])
        store.add_probes([Probe("llm", at, True, 0.0)])
        store.add_decisions([GroupEvent(at, "health_check", "run", "due", None, None)])

    shown = show(make_past(write))

    is_sound(shown)
    assert shown.value(MARKS).keys() == {"beats-1", "machine-1", "latency-1", "trends-1", "trends-3"}
    assert shown.value("document.querySelectorAll('#trends-1 .mark-symbol path').length") == 1
    assert "No data yet: memory was not measured" in shown.value("document.body.innerText")


def test_no_name_and_no_reason_can_be_anything_but_text(show: Show, make_past: MakePast) -> None:
    def write(store: Store) -> None:
        for number, evil in enumerate(EVIL):
            at = NOW - timedelta(minutes=60 * number + 30)
            store.add_decisions(
                [
                    GroupEvent(at, evil, "run", evil, Outcome.FAILED, 1.0),
                    GroupEvent(at + timedelta(minutes=20), evil, "waits", evil),
                    GroupEvent(at + timedelta(minutes=21), "health_check", "deferred", evil),
                ]
            )
            store.add_steps([StepUsage(at, evil, evil, 1, Outcome.FAILED, 1.0, 1.0, 1)])
            store.add_probes([Probe(evil, at, True, 0.1), Probe(evil, at, False, None, evil)])
            store.add_transitions([Transition(evil, at, "closed", "open", evil, 60)])
        store.add_samples([Sample(NOW - timedelta(hours=1), MEMORY, 50)])

    shown = show(make_past(write))

    is_sound(shown)
    assert shown.value("window.evil") is None
    assert min(shown.value(MARKS).values()) >= 1
    text = shown.value("document.body.textContent")
    for evil in EVIL[:3]:
        assert evil in text
    assert "49" not in shown.value("document.querySelector('.attention').innerText")
    shown.value("document.querySelector('#beats').scrollIntoView()")
    for number in range(len(EVIL)):
        point = (
            f"[...document.querySelectorAll('#beats-1 .mark-symbol path')][{number}].getBoundingClientRect()"
        )
        shown.move_mouse(shown.value(f"{point}.x + 4"), shown.value(f"{point}.y + 4"))
        shown.wait_for("document.querySelector('#vg-tooltip-element.visible')?.innerText.includes('failed')")
        assert shown.value("document.querySelectorAll('#vg-tooltip-element *').length") == 0
    assert shown.value("window.evil") is None
    is_sound(shown)
    keep(shown, "evil")


def test_what_lies_below_the_mouse_is_told(show: Show, week: Past) -> None:
    shown = show(week)
    stretch = "document.querySelectorAll('#machine-1 .hit_marks path')[40].getBoundingClientRect()"
    shown.value("document.querySelector('#machine').scrollIntoView()")
    shown.move_mouse(shown.value(f"{stretch}.x + {stretch}.width / 2"), shown.value(f"{stretch}.y + 20"))

    shown.wait_for("document.querySelector('#vg-tooltip-element.visible')")

    reported = shown.value("document.querySelector('#vg-tooltip-element').innerText")
    assert re.fullmatch(r"\d\d:\d\d–\d\d:\d\d\nmean \d+ %\n\d+ to \d+ %", reported)
    is_sound(shown)


def test_what_is_seen_can_be_read_instead(show: Show, week: Past) -> None:
    shown = show(week)

    assert shown.value("document.documentElement.lang") == "en"
    labels = shown.value(
        "[...document.querySelectorAll('[role=img]:has(.chart)')].map(each => each.ariaLabel)"
    )
    assert len(labels) == 18
    assert all(len(label) > 20 for label in labels)
    assert shown.value("document.querySelectorAll('section details table').length") >= 5
    levels = shown.value("[...document.querySelectorAll('h1, h2, h3')].map(each => +each.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1


def test_times_are_those_of_the_settings_wherever_the_browser_is(show: Show, week: Past) -> None:
    words = "[...document.querySelectorAll('#machine-1 .role-axis-label text')].map(each => each.textContent)"
    shown = show(week)
    here = shown.value(words)
    shown.ask("Emulation.setTimezoneOverride", timezoneId="Pacific/Auckland")
    try:
        there = show(week).value(words)
    finally:
        shown.ask("Emulation.setTimezoneOverride", timezoneId="")

    assert "Wed 4" in here
    assert here == there


def test_the_page_allows_itself_nothing_but_its_own_scripts(show: Show, week: Past, library: str) -> None:
    html = page(week, essence(week), library)
    (policy,) = re.findall(r'Content-Security-Policy" content="(.*?)"', html)

    assert policy.startswith("default-src &#39;none&#39;; ")
    assert "unsafe" not in policy
    shown = show(week)
    shown.value("document.body.append(Object.assign(document.createElement('script'), {text: 'evil = 1'}))")
    assert shown.value("typeof evil") == "undefined"
    assert shown.value("fetch('http://127.0.0.1:9/').then(() => 'asked', () => 'refused')") == "refused"
    assert len([url for url in shown.requests if not url.startswith("file:")]) <= 1


def test_a_page_of_90_days_stays_small(week: Past, library: str) -> None:
    assert len(page(week, essence(week), library).encode()) < 1_300_000
