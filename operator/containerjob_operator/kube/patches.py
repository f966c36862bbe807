"""What has to be sent so that a stored status becomes the wanted one. Pure."""

from typing import Any

from containerjob_api.resources import ObjectMeta


def merge_patch(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch (RFC 7396) from `old` to `new`; empty when they are equal.

    A key that is gone becomes null; a list that differs is sent whole, since a merge patch cannot say less.
    """
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        known = old.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            if inner := merge_patch(known, value):
                patch[key] = inner
        elif key not in old or known != value:
            patch[key] = value
    return patch


def fenced(metadata: ObjectMeta, status: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a status patch that the server refuses once anybody has written after our read."""
    return {"metadata": {"resourceVersion": metadata.resource_version}, "status": status}
