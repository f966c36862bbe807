"""Gather facts, let `decide` judge, act, store. Knows executors and the API server, not kopf."""
