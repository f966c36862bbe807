"""ContainerJobTemplates: their parameters, and the jobs they become."""
