"""A Docker engine behind a unix socket; Podman's Docker-compatible socket serves as well."""
