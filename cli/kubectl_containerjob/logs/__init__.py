"""Output of jobs: the client of the log API, and how lines are shown."""
