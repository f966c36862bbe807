"""What `status` prints: of a system that is well, sick, empty, or not to be read."""

import json
from datetime import timedelta

import click
import pytest
from tests.unit.cli.golden_files import assert_golden
from tests.unit.cli.sample_records import AROUND, CASES, NOW, before, host

from containerjob_api.phases import Phase
from kubectl_containerjob.explaining import reasons
from kubectl_containerjob.screens import overview
from kubectl_containerjob.screens.census import (
    FORBIDDEN,
    Census,
    Operator,
    Row,
    log_api_of,
    longest_waiting,
    operator_of,
    rows_of,
)
from kubectl_containerjob.screens.plain_text import cells

ALIVE = Operator("alive", "operator-7d9f", timedelta(seconds=3))
TABLE = """\
NAMESPACE   NAME      PHASE       HOST        EXIT   DURATION   AGE    REASON                 IMAGE
sales       report    Queued                                    5m     HostFull               busybox:1.37
sales       other                                               3s                            busybox:1.37
it          backup    Running     builder-1                     2m5s   Running                busybox:1.37
it          import    Failed      builder-1   3      4.2s       3d2h   BackoffLimitExceeded   busybox:1.37
it          export    TimedOut    builder-2   143    60s        20m    DeadlineExceeded       busybox:1.37
it          sync      Succeeded   builder-2   0      340ms      1y2d   Completed              busybox:1.37
"""


def well(**changes: object) -> Census:
    known = {
        "now": NOW,
        "operator": ALIVE,
        "log_api": "available",
        "hosts": (host("builder-1"), host("builder-2", ready="False", reason="Unreachable")),
        "jobs": rows_of(TABLE, None),
        "waiting": reasons.explain(CASES["queued"](), AROUND, NOW),
    }
    return Census(**(known | changes))  # type: ignore[arg-type]


SCREENS = {
    "well": well,
    "empty": lambda: well(hosts=(), jobs=(), waiting=None, log_api="absent"),
    "sick": lambda: well(
        operator=Operator("late", "operator-7d9f", timedelta(minutes=5)),
        log_api="not available (FailedDiscoveryCheck: no response from 10.0.0.1)",
        hosts=(host("builder-2", ready="False", reason="Unreachable"),),
    ),
    "absent": lambda: well(operator=Operator("absent"), waiting=None),
    "forbidden": lambda: well(operator=FORBIDDEN, log_api=FORBIDDEN, hosts=FORBIDDEN, jobs=FORBIDDEN, waiting=None),
    "namespace": lambda: well(namespace="it", jobs=rows_of(TABLE, "it")[2:], waiting=None),
    "phases": lambda: well(
        jobs=tuple(Row("it", "x", str(phase), "", "", "1s", "") for phase in [*Phase, "Dreaming"] * 3), waiting=None
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_as_it_was_approved(name: str) -> None:
    lines = overview.screen(SCREENS[name](), width=80, colour=False)
    assert_golden(f"status-{name}", lines)
    assert [line for line in lines if cells(line) > 80] == []


@pytest.mark.parametrize("name", ["well", "sick"])
def test_the_screen_is_as_it_was_approved_in_colours(name: str) -> None:
    assert_golden(f"status-{name}-colour", overview.screen(SCREENS[name](), width=80, colour=True))


@pytest.mark.parametrize(("name", "healthy"), [("well", True), ("sick", False), ("absent", False), ("empty", False)])
def test_health_is_an_operator_that_lives_and_a_host_that_is_ready(name: str, healthy: bool) -> None:
    assert SCREENS[name]().healthy is healthy


def test_what_may_not_be_read_counts_as_healthy() -> None:
    assert SCREENS["forbidden"]().healthy


def test_machines_get_the_same_as_people() -> None:
    body = json.loads(json.dumps(overview.body(well())))
    assert body["operator"] == {"state": "alive", "holder": "operator-7d9f", "renewedSecondsAgo": 3.0}
    assert body["hosts"][0]["slots"] == {"used": 1, "total": 2}
    assert body["jobs"]["phases"] == {
        "Pending": 1, "Queued": 1, "Running": 1, "Succeeded": 1, "Failed": 1, "TimedOut": 1
    }  # fmt: skip
    assert body["longestWaiting"]["reason"] == "HostFull"
    assert [row["name"] for row in body["recentFailures"]] == ["export", "import"]
    assert body["recentFailures"][0]["exitCode"] == 143
    unread = overview.body(SCREENS["forbidden"]())
    assert (unread["operator"], unread["hosts"], unread["jobs"]) == (FORBIDDEN,) * 3
    assert overview.body(SCREENS["absent"]())["operator"]["renewedSecondsAgo"] is None


def test_a_failure_without_an_exit_code_has_none() -> None:
    census = well(jobs=(Row("it", "x", "Failed", "", "", "1s", ""),))
    assert overview.body(census)["recentFailures"][0]["exitCode"] is None
    assert any(
        line.split() == ["it/x", "Failed", "<none>", "<none>", "<none>", "1s"]
        for line in overview.screen(census, width=80, colour=False)
    )


def test_empty_cells_of_a_table_stay_empty() -> None:
    rows = rows_of(TABLE, None)
    assert rows[1] == Row("sales", "other", "", "", "", "3s", "")
    assert rows[3] == Row("it", "import", "Failed", "builder-1", "3", "3d2h", "BackoffLimitExceeded")
    assert rows_of("", "it") == ()


def test_the_namespace_of_a_table_without_that_column_is_the_one_that_was_asked() -> None:
    assert rows_of("NAME   PHASE\nx      Running\n", "it") == (Row("it", "x", "Running", "", "", "", ""),)


def test_who_waits_longest_is_the_oldest_without_a_host() -> None:
    oldest = longest_waiting(rows_of(TABLE, None))
    assert oldest is not None
    assert oldest.name == "report"
    assert longest_waiting(()) is None


def test_slots_are_what_the_host_says_where_not_every_job_was_counted() -> None:
    (first, *_) = SCREENS["namespace"]().hosts
    assert SCREENS["namespace"]().held(first) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lease", "state"),
    [
        (None, "absent"),
        ({"spec": {"holderIdentity": ""}}, "absent"),
        ({"spec": {"holderIdentity": "x", "renewTime": before(3), "leaseDurationSeconds": 15}}, "alive"),
        ({"spec": {"holderIdentity": "x", "renewTime": before(-3), "leaseDurationSeconds": 15}}, "alive"),
        ({"spec": {"holderIdentity": "x", "renewTime": before(16)}}, "late"),
    ],
)
def test_an_operator_lives_while_it_renews_its_lease(lease: dict[str, object] | None, state: str) -> None:
    assert operator_of(lease, NOW).state == state


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (None, "absent"),
        ({"status": {"conditions": [{"type": "Available", "status": "True"}]}}, "available"),
        (
            {"status": {"conditions": [{"type": "Available", "status": "False", "reason": "R", "message": "m"}]}},
            "not available (R: m)",
        ),
        ({}, "not available (not known yet: )"),
    ],
)
def test_the_log_api_is_what_its_service_says(service: dict[str, object] | None, said: str) -> None:
    assert log_api_of(service) == said


def test_a_table_gives_up_its_first_column_where_there_is_no_room() -> None:
    lines = overview.table(["NAME", "READY"], [["a-host-with-a-long-name" * 4, "True"]], 40, {})
    assert [cells(line) <= 40 for line in lines] == [True, True]
    assert "…" in lines[1]


@pytest.mark.parametrize(("held", "shade"), [(0, "green"), (8, "yellow"), (10, "red")])
def test_a_hosts_bar_turns_red_when_it_is_full(held: int, shade: str) -> None:
    jobs = tuple(Row("it", "x", "Running", "builder-1", "", "1s", "") for _ in range(held))
    lines = overview.screen(well(hosts=(host("builder-1", maxConcurrentJobs=10),), jobs=jobs), width=80, colour=True)
    (row,) = (line for line in lines if "builder-1" in line and "/10" in line)
    assert click.style("█" * held, fg=shade) in row
