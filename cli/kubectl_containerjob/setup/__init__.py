"""Hosts, samples, permissions and checks: what surrounds the jobs."""
