"""Decisions: values in, values out. No clock, no client, no logger."""
