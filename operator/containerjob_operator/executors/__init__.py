"""Everything that talks to a container engine, behind one port (`base.Executor`)."""
