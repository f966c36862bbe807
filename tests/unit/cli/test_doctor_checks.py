"""Each answer of a cluster, and the line that `doctor` makes of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from containerjob_api.phases import HostReason
from kubectl_containerjob.records import Host
from kubectl_containerjob.screens.census import Operator
from kubectl_containerjob.setup import checks
from kubectl_containerjob.setup.checks import BAD, DOUBTFUL, GOOD, Check
from kubectl_containerjob.setup.remedies import REMEDIES, UNSEEN, remedy
from kubectl_containerjob.setup.rights import ASKED, RBAC, Right


def host(status: str = "True", reason: str = "EngineReady", **spec: Any) -> Host:
    conditions = [{"type": "Ready", "status": status, "reason": reason, "message": "words"}]
    shown = {"conditions": conditions, "maxConcurrentJobs": 2} if reason else {}
    return Host({"metadata": {"name": "h"}, "spec": {"endpoint": "unix:///x", **spec}, "status": shown})


@pytest.mark.parametrize(
    ("client", "server", "state"),
    [
        ("v1.37.2", "v1.37.0", GOOD),
        ("v1.36.1", "v1.37.0-gke.100", GOOD),
        ("v1.37.2", None, GOOD),
        ("v1.33.0", "v1.37.0", DOUBTFUL),
        ("v1.25.9", "v1.25.9", DOUBTFUL),
        ("nonsense", "v1.37.0", DOUBTFUL),
    ],
)
def test_kubectl_may_be_one_minor_version_away(client: str, server: str | None, state: str) -> None:
    assert checks.kubectl_version(client, server).state == state


def test_kinds_that_are_missing_are_named() -> None:
    served = {"resources": [{"name": kind} for kind in (*checks.KINDS, "containerjobs/status")]}
    assert checks.kinds(served).state == GOOD
    assert checks.kinds(None).detail == "this cluster does not know ContainerJobs"
    some = checks.kinds({"resources": [{"name": "containerjobs"}]})
    assert (some.state, some.detail) == (BAD, "containerjobtemplates, dockerhosts, cloudrunhosts missing")


def test_a_cluster_before_its_upgrade_lacks_one_kind_of_hosts_and_is_not_called_broken() -> None:
    found = checks.kinds({"resources": [{"name": kind} for kind in checks.KINDS if kind != "cloudrunhosts"]})
    assert (found.state, found.detail) == (DOUBTFUL, "cloudrunhosts missing")


def test_fields_that_cannot_be_selected_mean_old_crds() -> None:
    assert checks.fields(None).state == GOOD
    old = checks.fields("field label not supported: status.phase")
    assert (old.state, old.remedy) == (BAD, checks.APPLY)
    assert "status.phase" in old.detail
    assert checks.fields("forbidden").state == DOUBTFUL


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        (None, DOUBTFUL, "can't be read"),
        (Operator("alive", "local", timedelta(seconds=2)), GOOD, "local is alive"),
        (Operator("late", "local", timedelta(seconds=90)), BAD, "90 s ago"),
        (Operator("absent"), BAD, "no operator"),
    ],
)
def test_the_operator_is_alive_while_it_renews_its_lease(found: Operator | None, state: str, words: str) -> None:
    check = checks.operator(found)
    assert check.state == state
    assert words in check.detail
    assert check.remedy or state == GOOD


@pytest.mark.parametrize(
    ("found", "state"),
    [("available", GOOD), ("absent", DOUBTFUL), (None, DOUBTFUL), ("the server is unable", BAD)],
)
def test_the_log_api_may_be_absent_but_not_broken(found: str | None, state: str) -> None:
    assert checks.log_api(found).state == state


def test_every_host_is_judged_and_having_none_is_wrong() -> None:
    assert [check.state for check in checks.hosts(None)] == [DOUBTFUL]
    assert [check.state for check in checks.hosts([])] == [BAD]
    found = [
        host(),
        host("False", "Unreachable"),
        host("False", "Unschedulable", unschedulable=True),
        host(reason=""),
    ]
    judged = list(checks.hosts(found))
    assert [check.state for check in judged] == [GOOD, BAD, DOUBTFUL, BAD]
    assert "docker -H unix:///x version" in judged[1].remedy
    assert judged[3].remedy == UNSEEN


def test_every_reason_of_a_host_has_its_remedy_and_an_unknown_one_none() -> None:
    assert set(REMEDIES) == set(HostReason)
    assert remedy("SomethingNew", "h", "e") == ""


def test_each_review_is_answered_in_order() -> None:
    asked = checks.reviews("team")
    assert {body["spec"]["resourceAttributes"].get("namespace") for body in asked} == {"team", None}
    verbs = [body["spec"]["resourceAttributes"]["verb"] for body in asked]
    everything = [{"status": {"allowed": True}} for _ in asked]
    assert {check.state for check in checks.permissions(everything)} == {GOOD}
    no_watch = [{"status": {"allowed": verb != "watch"}} for verb in verbs]
    found = list(checks.permissions(no_watch))
    assert [check.state for check in found] == [BAD, *[GOOD] * (len(ASKED) - 1)]
    assert found[0].remedy == "ask for: watch containerjobs.containerjobs.io"
    nothing = [check.state for check in checks.permissions([{}] * len(asked))]
    assert nothing == [BAD, *[DOUBTFUL] * (len(ASKED) - 1)]


def test_versions_agree_in_major_and_minor() -> None:
    assert checks.versions("0.1.0", "0.1.7").state == GOOD
    assert checks.versions("0.1.0", "0.2.0").state == DOUBTFUL
    assert checks.versions("0.1.0", "<unknown>").state == DOUBTFUL


def test_a_check_is_plain_json() -> None:
    written = json.dumps(Check("hosts", BAD, "none", "add one").as_json())
    assert json.loads(written) == {"name": "hosts", "state": "bad", "detail": "none", "remedy": "add one"}


def test_a_right_is_written_as_people_ask_for_it() -> None:
    assert str(Right(("get",), "containerjobs/log", "subresources.containerjobs.io", "--logs")) == (
        "get containerjobs.subresources.containerjobs.io/log (--logs)"
    )
    assert str(Right(("list",), "events", "")) == "list events"
    assert RBAC["completion"] == ()
