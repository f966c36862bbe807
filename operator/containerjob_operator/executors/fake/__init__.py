"""An engine that runs nothing: for demos, tests and simulations. State lives in the operator's process."""
