"""The operator's own access to the API server, beside kopf's watch: reads, status writes, the Lease, Events."""
