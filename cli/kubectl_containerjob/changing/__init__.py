"""What the verbs do that change jobs or wait for them."""
