"""A job as it goes on: its steps, its output, its end."""
