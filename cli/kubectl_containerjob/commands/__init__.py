"""One verb, one file; each is imported only when it is called."""
