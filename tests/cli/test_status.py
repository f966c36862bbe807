"""`status` through real kubectl: everything, one namespace, and only what this user may read."""

import json

from tests.cli.conftest import Shell, wait_for


def test_everything_is_on_one_screen_and_the_exit_code_says_whether_it_is_well(shell: Shell) -> None:
    shell.create("bad", "exit 3")
    shell.create("lost", placement={"hostRef": {"kind": "DockerHost", "name": "no-such-host"}})
    shell.reaches("bad", "Failed")
    shell.reaches("lost", "Pending")
    screen = shell.ok("status")
    assert "✔ alive" in screen
    assert "\n  fake " in screen
    assert f"Jobs      2 in namespace {shell.namespace}" in screen
    assert "○ lost  Pending (HostNotFound)" in screen
    assert [line for line in screen.splitlines() if line.split()[:4] == ["bad", "Failed", "NonZeroExitCode", "3"]]
    body = json.loads(shell.ok("status", "-o", "json"))
    assert body["healthy"]
    assert body["jobs"]["phases"] == {"Pending": 1, "Failed": 1}
    everywhere = json.loads(shell.ok("status", "-A", "-o", "json"))
    assert everywhere["jobs"]["namespace"] is None
    assert everywhere["jobs"]["total"] >= 2
    assert "█" in shell.ok("status", "--color=always") or "░" in shell.ok("status", "--color=always")


def test_what_is_forbidden_is_named_and_the_rest_is_told(shell: Shell) -> None:
    shell.create("held", suspend=True)
    shell.reaches("held", "Suspended")
    own = ("-n", shell.namespace)
    shell.cluster.kubectl("create", "role", "see", "--verb=get,list", "--resource=containerjobs", *own)
    shell.cluster.kubectl("create", "rolebinding", "see", "--role=see", "--user=viewer", *own)
    body = json.loads(shell.ok("status", "--as=viewer", "-o", "json"))
    assert (body["operator"], body["hosts"]) == ("<forbidden>", "<forbidden>")
    assert body["jobs"] == {"namespace": shell.namespace, "total": 1, "phases": {"Suspended": 1}}
    nothing = json.loads(shell.ok("status", "-A", "--as=viewer", "-o", "json"))
    assert nothing["jobs"] == "<forbidden>"
    assert shell("status", "-A", "--as=viewer").stdout.count("<forbidden>") == 4


def test_a_cluster_that_is_down_is_one_line(shell: Shell) -> None:
    assert "the cluster does not answer" in shell.refused("status", "--server=https://127.0.0.1:1")


def test_jobs_created_meanwhile_are_counted(shell: Shell) -> None:
    for number in range(3):
        shell.create(f"held-{number}", suspend=True)
    wait_for(
        "three suspended jobs",
        lambda: json.loads(shell.ok("status", "-o", "json"))["jobs"]["phases"] == {"Suspended": 3},
    )
