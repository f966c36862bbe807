"""Every way a job can end, on a real engine."""

import json

from tests.e2e.conftest import Jobs, wait_for


def condition(status: dict, type_: str) -> dict:
    return next((c for c in status["conditions"] if c["type"] == type_), {})


def test_a_command_that_exits_0_succeeds_and_its_record_says_everything(jobs: Jobs) -> None:
    name = jobs.apply("echo out; echo err >&2")
    status = jobs.finished(name)
    attempt = status["attempts"][0]
    assert status["phase"] == "Succeeded"
    assert status["exitCode"] == 0
    assert attempt["logTail"]["stdout"] == "out\n"
    assert attempt["logTail"]["stderr"] == "err\n"
    assert attempt["reason"] == "Completed"
    # A container that lives a few milliseconds may end, by the engine's clock, before it is noted as started.
    assert attempt["startedAt"][:19] == attempt["finishedAt"][:19] or attempt["startedAt"] < attempt["finishedAt"]
    assert status["completionTime"] == status["finishTime"]
    assert status["observedGeneration"] == jobs.get(name)["metadata"]["generation"]
    truths = {c["type"]: c["status"] for c in status["conditions"]}
    assert truths["Complete"] == truths["Finished"] == truths["Ready"] == truths["HostAssigned"] == "True"
    assert truths["Stalled"] == truths["Reconciling"] == "False"
    assert "Failed" not in truths
    assert "finalizers" not in jobs.get(name)["metadata"]


def test_a_job_in_the_table_shows_phase_host_exit_duration_and_age(jobs: Jobs) -> None:
    name = jobs.apply("exit 0")
    jobs.finished(name)
    lines = jobs.plane.kubectl("-n", jobs.namespace, "get", "cjob").stdout.splitlines()
    assert lines[0].split() == ["NAME", "PHASE", "HOST", "EXIT", "DURATION", "AGE"]
    assert lines[1].split()[:4] == [name, "Succeeded", "local", "0"]


def test_a_command_that_fails_keeps_its_exit_code_and_last_words(jobs: Jobs) -> None:
    name = jobs.apply("echo good bye >&2; exit 3")
    status = jobs.finished(name)
    assert status["phase"] == "Failed"
    assert status["exitCode"] == 3
    assert condition(status, "Failed")["reason"] == "NonZeroExitCode"
    assert condition(status, "Stalled")["status"] == "True"
    assert status["attempts"][0]["logTail"]["stderr"] == "good bye\n"
    assert "completionTime" not in status
    events = jobs.plane.kubectl("-n", jobs.namespace, "get", "events", "-o", "json").stdout
    told = {(e["type"], e["reason"]) for e in json.loads(events)["items"] if e["involvedObject"]["name"] == name}
    assert ("Warning", "NonZeroExitCode") in told


def test_an_entrypoint_that_does_not_exist_is_a_start_error_in_the_engines_words(jobs: Jobs) -> None:
    name = jobs.apply(["/no/such/program"])
    status = jobs.finished(name)
    assert status["phase"] == "Failed"
    assert status["exitCode"] == 127
    assert condition(status, "Failed")["reason"] == "StartError"
    assert "/no/such/program" in status["attempts"][0]["message"]


def test_an_image_nobody_can_be_asked_for_is_asked_for_again_and_then_fails_the_job(jobs: Jobs) -> None:
    policy = {"initialDelaySeconds": 1, "launchRetryLimit": 1}
    name = jobs.apply("true", image="127.0.0.1:1/nobody/home:1", retryPolicy=policy)
    wait_for("the reason", lambda: jobs.reason(name) == "ImagePullBackOff", seconds=120)
    status = jobs.status(name)
    assert status["phase"] == "Retrying"
    assert "127.0.0.1:1" in condition(status, "Ready")["message"]
    status = jobs.finished(name)
    assert (status["phase"], status["launchFailures"], status.get("failed", 0)) == ("Failed", 2, 0)
    assert condition(status, "Failed")["reason"] == "LaunchRetriesExhausted"


def test_a_job_past_its_deadline_is_stopped_and_timed_out(jobs: Jobs) -> None:
    name = jobs.apply("trap 'exit 9' TERM; while :; do sleep 0.1; done", activeDeadlineSeconds=2)
    status = jobs.finished(name)
    assert status["phase"] == "TimedOut"
    assert condition(status, "Failed")["reason"] == "DeadlineExceeded"
    assert status["exitCode"] == 9
    assert status["attempts"][0]["stop"]["reason"] == "DeadlineExceeded"


def test_a_cancelled_job_keeps_its_record_and_its_container_has_ended(jobs: Jobs) -> None:
    name = jobs.apply("trap 'echo bye; exit 7' TERM; while :; do sleep 0.1; done")
    jobs.reaches(name, "Running")
    jobs.patch(name, {"spec": {"cancel": True}})
    status = jobs.finished(name)
    assert status["phase"] == "Cancelled"
    assert status["exitCode"] == 7
    assert status["attempts"][0]["logTail"]["stdout"] == "bye\n"
    assert [c.status for c in jobs.containers(name)] == ["exited"]


def test_a_process_that_ignores_its_stop_signal_is_killed_after_the_grace(jobs: Jobs) -> None:
    name = jobs.apply("trap '' TERM; while :; do sleep 0.1; done")
    jobs.reaches(name, "Running")
    jobs.patch(name, {"spec": {"cancel": True}})
    status = jobs.finished(name)
    assert status["phase"] == "Cancelled"
    assert status["exitCode"] == 137


def test_a_job_deleted_while_running_leaves_no_container(jobs: Jobs) -> None:
    name = jobs.apply("sleep 600")
    jobs.reaches(name, "Running")
    uid = jobs.get(name)["metadata"]["uid"]
    assert len(jobs.containers_of(uid)) == 1
    jobs.plane.kubectl("-n", jobs.namespace, "delete", "cjob", name, "--timeout=100s")
    wait_for("the container is gone", lambda: not jobs.containers_of(uid))


def test_a_container_removed_by_somebody_else_is_lost_and_never_run_again(jobs: Jobs) -> None:
    name = jobs.apply("sleep 600")
    jobs.reaches(name, "Running")
    jobs.containers(name)[0].remove(force=True)
    status = jobs.finished(name)
    # The engine kills before it removes: whoever looks in between sees the true exit code.
    end = (status["phase"], condition(status, "Failed")["reason"], status.get("exitCode"))
    assert end in {("Failed", "ContainerLost", None), ("Failed", "NonZeroExitCode", 137)}
    assert jobs.containers(name) == []


def test_the_container_gets_what_the_template_asks_for(jobs: Jobs) -> None:
    manifest = jobs.manifest("pwd; echo $GREETING; sleep 600")
    container = manifest["spec"]["template"]["spec"]["containers"][0]
    container |= {
        "workingDir": "/tmp",
        "env": [{"name": "GREETING", "value": "a b $c"}],
        "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}},
    }
    jobs.plane.kubectl("create", "-f", "-", input=json.dumps(manifest))
    name = manifest["metadata"]["name"]
    jobs.reaches(name, "Running")
    made = jobs.containers(name)[0].attrs
    assert made["HostConfig"]["NanoCpus"] == 500_000_000
    assert made["HostConfig"]["Memory"] == 64 * 1024**2
    assert made["HostConfig"]["Privileged"] is False
    assert made["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    jobs.patch(name, {"spec": {"cancel": True}})
    assert jobs.finished(name)["attempts"][0]["logTail"]["stdout"] == "/tmp\na b $c\n"
