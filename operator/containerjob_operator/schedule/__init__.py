"""Which waiting job goes to which host, and for every job left: why. Pure."""
