"""Benchmarks: `python -m bench`. docs/performance.md interprets the results."""
