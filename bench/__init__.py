"""Benchmarks: side by side in one run, never a test with a time in it."""
