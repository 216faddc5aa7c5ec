"""Which group a job belongs to: by what it does, as its names and texts show, and how often it ran. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import log2

from deployments.adopt import paths
from deployments.adopt.job import Job
from deployments.adopt.judging.five_groups import FIVE_GROUPS
from deployments.adopt.schedules.frequency import minutes_between

#: From here on a job is one for the daily round, whatever it does: it must not run more often.
DAILY = 720.0  # minutes

# How far a word speaks for a group. Chosen on the 42 tasks that Rhythm was built for, where the
# user has said of ten of them in which group they belong; the five groups' own steps add to it.
_WORDS: dict[str, dict[str, float]] = {
    "health_check": {
        **dict.fromkeys(("health", "healthcheck", "watchdog", "heartbeat", "breaker", "liveness"), 5),
        **dict.fromkeys(
            ("alive", "keepalive", "ping", "uptime", "probe", "sentinel", "restart", "failover"), 4
        ),
        **dict.fromkeys(("guard", "guardian", "supervisor", "recover", "recovery", "circuit", "heal"), 3),
        **dict.fromkeys(("monitor", "check", "status", "alert", "alerts"), 2),
        "llm": 1,
    },
    "performance_analysis": {
        **dict.fromkeys(("performance", "perf", "benchmark", "benchmarks"), 5),
        **dict.fromkeys(("metrics", "metric", "trend", "trends", "optimizer", "optimize", "telemetry"), 4),
        **dict.fromkeys(
            ("dashboard", "latency", "stats", "statistics", "profile", "profiler", "adaptive"), 3
        ),
        **dict.fromkeys(("routing", "tuning", "tune"), 3),
        **dict.fromkeys(("usage", "resource", "resources", "gpu", "cpu", "collector", "quality"), 2),
        **dict.fromkeys(("collect", "analyze"), 1),
    },
    "system_maintenance": {
        **dict.fromkeys(("cleanup", "clean", "cleaner", "purge", "prune", "maintenance", "housekeeping"), 5),
        **dict.fromkeys(("rotate", "rotation", "rotator", "vacuum", "backup", "backups", "ops", "defrag"), 4),
        **dict.fromkeys(("archive", "compress", "sync", "index", "reindex", "rebuild", "temp", "tmp"), 3),
        **dict.fromkeys(("cache", "caches", "repair", "snapshot", "worker", "autonomous", "indexer"), 3),
        **dict.fromkeys(("manager", "update", "updater", "queue", "disk", "refresh"), 2),
        **dict.fromkeys(("log", "logs", "processes"), 1),
    },
    "daily_routine": {
        **dict.fromkeys(("daily", "morning", "nightly", "briefing", "kickoff", "resume"), 5),
        **dict.fromkeys(("brief", "digest", "summary", "evening", "routine", "newsletter"), 4),
        **dict.fromkeys(("report", "reports", "rhythm", "context", "weekly", "monthly", "reminder"), 3),
        **dict.fromkeys(("journal", "reflection", "night"), 3),
        **dict.fromkeys(("mail", "email", "goal", "goals", "plan"), 2),
    },
    "event_analysis": {
        **dict.fromkeys(("event", "events", "spike", "spikes", "replan", "incident", "incidents"), 5),
        **dict.fromkeys(("pattern", "patterns", "anomaly", "anomalies"), 4),
        **dict.fromkeys(("ledger", "learn", "learning", "learner", "insight", "insights", "correlation"), 3),
        **dict.fromkeys(("audit", "feedback", "analysis", "analyzer"), 2),
        "analyze": 1,
    },
}

# The steps of the shipped rhythm.toml, which the user has placed.
_KNOWN = {
    "check_health": "health_check",
    "circuit_breaker_router": "health_check",
    "auto_restart_local_llm": "health_check",
    "save_performance_benchmark": "performance_analysis",
    "analyze_performance_trends": "performance_analysis",
    "adaptive_routing_optimizer": "performance_analysis",
    "cleanup_processes": "system_maintenance",
    "collect_system_metrics": "system_maintenance",
    "generate_daily_briefing": "daily_routine",
    "generate_visual_dashboard": "daily_routine",
    "analyze_latency_spikes": "event_analysis",
    "analyze_replan_patterns": "event_analysis",
}

# What a word counts in a description or the script itself, where many words stand.
_IN_TEXT = 0.2
# What it counts against a group that it runs twice, or half, as often as the job did.
_OCTAVE = 0.5


def group_of(job: Job, script_text: str = "") -> str | None:
    """Return the group for a job; None if neither its words nor its triggers speak for one.

    Every word of its names, and to a lesser degree of its texts, speaks for a group; against it
    speaks how far the group's interval is from the job's own, in octaves.
    """
    every = minutes_between(job.triggers)
    if every is not None and every >= DAILY:
        return "daily_routine"
    if known := _KNOWN.get(paths.stem(job.script or "").lower()):
        return known
    scores = _scores(job, script_text)
    if every is None:
        best = max(scores.values())
        return next((name for name, score in scores.items() if score == best), None) if best >= 1 else None
    octaves = {target.name: abs(log2(every / target.minutes)) for target in FIVE_GROUPS}
    return max(scores, key=lambda name: (scores[name] - _OCTAVE * octaves[name], -octaves[name]))


def _scores(job: Job, script_text: str) -> dict[str, float]:
    names = words(" ".join((job.name, paths.stem(job.script or ""))))
    texts = words(f"{job.text} {script_text}") - names
    return {
        target.name: _sum(_WORDS[target.name], names) + _IN_TEXT * _sum(_WORDS[target.name], texts)
        for target in FIVE_GROUPS
    }


def _sum(weights: Mapping[str, float], found: set[str]) -> float:
    return sum(weights.get(word, 0.0) for word in found)


def words(text: str) -> set[str]:
    """Return a text's words in lower case: also those of `llmMonitor` and `llm_monitor`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return {word.lower() for word in re.findall(r"[A-Za-z]+", apart)}
