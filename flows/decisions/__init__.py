"""What a beat decides, and by what: pure functions of settings, history, time, requests and load."""
