"""Who writes a file comes before who reads it."""

from __future__ import annotations

import pytest

from deployments.adopt.job import Job, Kind, Trigger
from deployments.adopt.judging.producers import files, ordered


@pytest.mark.parametrize(
    ("text", "written", "read"),
    [
        ('open("out/a.json", "w")', {"a.json"}, set()),
        ("data = json.load(open('a.json'))", set(), {"a.json"}),
        ('OUT = Path("outputs") / "metrics.jsonl"\nOUT.write_text(x)', {"metrics.jsonl"}, set()),
        ('SOURCE = ROOT / "metrics.jsonl"\nfor line in SOURCE.read_text():', set(), {"metrics.jsonl"}),
        ('frame.to_csv("a.csv")', {"a.csv"}, set()),
        ("$x = Get-Content 'C:\\out\\a.json' | ConvertFrom-Json", set(), {"a.json"}),
        ("$out = 'a.html'\n$page | Out-File $out", {"a.html"}, set()),
        ('Import-Csv "a.csv" | Export-Csv "b.csv"', {"a.csv", "b.csv"}, set()),
        ('state = read("s.json")\nwrite("s.json")', {"s.json"}, set()),
        ('# writes "a.json"', set(), set()),
        ("print('nothing')", set(), set()),
    ],
)
def test_files_that_a_script_writes_and_reads(text: str, written: set[str], read: set[str]) -> None:
    assert files(text) == (written, read)


def job(name: str, at: str | None = None) -> Job:
    return Job("x", name, "python", f"/{name}", triggers=(Trigger(Kind.DAILY, at=at),) if at else ())


def names(jobs: list[Job], **texts: str) -> list[str]:
    return [each.name for each in ordered(jobs, {f"/{name}": text for name, text in texts.items()})]


def test_a_producer_comes_before_its_consumer_whatever_the_time() -> None:
    jobs = [job("report", "02:00"), job("collect", "05:00"), job("other", "03:00")]

    found = names(jobs, report="json.load(open('m.json'))", collect="open('m.json', 'w')")

    assert found == ["other", "collect", "report"]


def test_without_files_the_time_of_day_decides_and_then_the_order_they_were_found_in() -> None:
    assert names([job("c", "05:00"), job("a"), job("d", "02:00"), job("b")]) == ["a", "b", "d", "c"]


def test_jobs_that_read_from_each_other_are_left_as_they_are() -> None:
    text = "json.load(open('{}'))\nopen('{}', 'w')"

    assert names(
        [job("a"), job("b")], a=text.format("x.json", "y.json"), b=text.format("y.json", "x.json")
    ) == ["a", "b"]


def test_a_circle_of_three_is_left_as_it_is() -> None:
    text = "json.load(open('{}'))\nopen('{}', 'w')"
    texts = {name: text.format(f"{before}.json", f"{name}.json") for name, before in ("ac", "ba", "cb")}

    assert names([job("a"), job("b"), job("c")], **texts) == ["a", "b", "c"]
