"""WHAT is done: steps, the scripts and built-ins behind them, their settings and measurements."""
