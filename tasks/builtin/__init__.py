"""The built-in steps: one module a step, named as rhythm.toml names it.

Every module has `main(argv, context) -> str` (`contract.BuiltIn`).
"""

NAMES: tuple[str, ...] = (
    "analyze_latency_spikes",
    "check_health",
    "cleanup_processes",
    "collect_system_metrics",
    "generate_daily_briefing",
    "save_performance_benchmark",
)
