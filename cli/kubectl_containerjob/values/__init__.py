"""What people type: times, variables, names and labels, read and checked before anything is sent."""
