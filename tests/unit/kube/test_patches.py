from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from containerjob_api.jobstatus import Attempt, ContainerJobStatus, HostReference
from containerjob_api.phases import Phase
from containerjob_operator.kube.patches import merge_patch

_leaves = st.integers(0, 2) | st.booleans() | st.lists(st.integers(0, 2), max_size=2)
_inner = st.dictionaries(st.sampled_from("abc"), _leaves, max_size=3)
_objects = st.dictionaries(st.sampled_from("abc"), _leaves | _inner, max_size=3)


def _apply(target: Any, patch: Any) -> Any:
    """Apply a merge patch as RFC 7396 section 2 has it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _apply(result.get(key), value)
    return result


@given(_objects, _objects)
def test_the_patch_turns_the_old_object_into_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert _apply(old, merge_patch(old, new)) == new


@given(_objects)
def test_equal_objects_need_no_patch(value: dict[str, Any]) -> None:
    assert merge_patch(value, value) == {}


def test_a_key_that_is_gone_becomes_null_and_the_rest_is_not_sent() -> None:
    assert merge_patch({"a": 1, "b": 2, "c": {"d": 3, "e": 4}}, {"b": 2, "c": {"d": 3, "e": 5}}) == {
        "a": None,
        "c": {"e": 5},
    }


def test_a_status_sends_only_what_differs() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    old = ContainerJobStatus(observed_generation=1, phase=Phase.PENDING, exit_code=3)
    attempt = Attempt(attempt=0, host=HostReference(name="h"), name="cj-u-0", scheduled_time=now)
    new = old.model_copy(update={"phase": Phase.SCHEDULED, "attempts": (attempt,), "exit_code": None})
    assert merge_patch(old.to_json(), new.to_json()) == {
        "phase": "Scheduled",
        "exitCode": None,
        "attempts": [
            {
                "index": 0,
                "attempt": 0,
                "host": {"kind": "DockerHost", "name": "h"},
                "name": "cj-u-0",
                "scheduledTime": "2026-01-02T03:04:05Z",
            }
        ],
    }
