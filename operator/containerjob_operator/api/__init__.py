"""The log API: what the operator serves itself, behind the API server's aggregation."""
