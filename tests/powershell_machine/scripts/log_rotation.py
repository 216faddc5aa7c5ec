"""Puts a log that has grown away."""

from diary import DATA, written_down

with written_down("log_rotation"):
    log = DATA / "agent.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    log.touch()
    print("로그를 교체했습니다")
