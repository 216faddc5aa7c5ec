"""What things cost, measured. No test asserts any of it, but for the accounting itself."""

#: Why a row is empty whose package is missing.
NOT_INSTALLED = "not installed: pip install -r requirements-bench.txt"
