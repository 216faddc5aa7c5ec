"""Does the queue move?"""

from diary import DATA, written_down

with written_down("task_queue_watchdog"):
    waiting = DATA.joinpath("queue.csv").read_text(encoding="utf-8").count(",waiting")
    print(f"대기 중인 작업: {waiting}")
