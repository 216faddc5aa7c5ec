"""The built-in steps: one module a step, named as rhythm.toml names it.

Every module has `main(argv, context) -> str` (`contract.BuiltIn`).
"""

#: What a step needs that is not installed with all the rest (`tasks.extras`).
EXTRAS = {"generate_visual_dashboard": "dashboard"}

NAMES: tuple[str, ...] = (
    "adaptive_routing_optimizer",
    "analyze_latency_spikes",
    "analyze_performance_trends",
    "analyze_replan_patterns",
    "auto_restart_local_llm",
    "check_health",
    "circuit_breaker_router",
    "cleanup_processes",
    "collect_system_metrics",
    "diagnose_performance",
    "generate_daily_briefing",
    "generate_visual_dashboard",
    "save_performance_benchmark",
)
