"""New jobs: from options, from a template, or from an old job."""
