"""Measurements that a person runs and reads: each a command, `python -m benchmarks.NAME`."""
