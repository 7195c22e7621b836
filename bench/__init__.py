"""Benchmarks: `python -m bench`. See docs/scaling.md for what they say."""
