"""Every example runs; and each way to run a job again when Git changes makes one more run, and only one."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from tests.conftest import IMAGE, TestPlane
from tests.e2e.conftest import Jobs, wait_for
from tests.unit.gitops import lua_machine

from containerjob_api.names import LABEL_NAMESPACE

Body = dict[str, Any]
EXAMPLES = Path(__file__).parents[2] / "examples" / "gitops"
SUFFIXED = EXAMPLES / "kustomize"
NEWER = "busybox:1.38"
UNTIL_STOPPED = ["sh", "-c", "trap 'exit 0' TERM; sleep 300 & wait"]


def manifests(path: Path) -> list[Body]:
    return list(yaml.safe_load_all(path.read_text()))


JOBS = [
    path
    for path in sorted(EXAMPLES.rglob("*.yaml"))
    if path.parent != SUFFIXED and any(body["kind"] == "ContainerJob" for body in manifests(path))
]


class Runs:
    """How many containers of a namespace have started, by the engine's own account."""

    def __init__(self, jobs: Jobs) -> None:
        self._engine: docker.DockerClient = jobs.oracle
        self._label = f"{LABEL_NAMESPACE}={jobs.namespace}"
        self._since = int(time.time()) - 1

    def count(self) -> int:
        """Return how many starts the engine tells of."""
        filters = {"type": "container", "event": "start", "label": self._label}
        told = self._engine.events(since=self._since, until=int(time.time()) + 1, filters=filters, decode=True)
        return len({event["Actor"]["ID"] for event in told})

    def running(self) -> int:
        """Return how many run now."""
        return len(self._engine.containers.list(filters={"label": self._label}))


@pytest.fixture
def runs(jobs: Jobs) -> Runs:
    jobs.oracle.images.get(IMAGE).tag("busybox", tag="1.38")
    return Runs(jobs)


def applied(jobs: Jobs, body: Body, *how: str) -> str:
    """Have kubectl take a manifest; return what it complains of."""
    words = (*(how or ("apply",)), "-n", jobs.namespace, "-f", "-")
    return jobs.plane.kubectl(*words, input=json.dumps(body), check=False).stderr


def with_image(body: Body, image: str) -> Body:
    """Return the manifest as a commit changes it."""
    changed: Body = json.loads(json.dumps(body))
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return changed


@pytest.mark.parametrize("path", [*JOBS, SUFFIXED], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_example_applies_and_ends_as_it_says(path: Path, jobs: Jobs) -> None:
    how = "-k" if path == SUFFIXED else "-f"
    jobs.plane.kubectl("apply", "--validate=strict", "-n", jobs.namespace, how, str(path))
    words = (SUFFIXED / "job.yaml" if path == SUFFIXED else path).read_text()
    made = json.loads(jobs.plane.kubectl("get", "cjob", "-n", jobs.namespace, "-o", "json").stdout)["items"]
    assert made
    for body in made:
        assert body["metadata"]["name"] in words
        assert jobs.finished(body["metadata"]["name"])["phase"] in words


def by_argo_cd(jobs: Jobs, body: Body) -> None:
    """Sync with Replace=true,Force=true: what differs is replaced by force, and what does not is left alone."""
    differs = jobs.plane.kubectl(
        "diff", "-n", jobs.namespace, "-f", "-", input=json.dumps(body), check=False
    ).returncode
    there = (
        jobs.plane.kubectl("get", "cjob", body["metadata"]["name"], "-n", jobs.namespace, check=False).returncode == 0
    )
    if there and differs:
        assert applied(jobs, body, "replace", "--force") == ""
    elif not there:
        assert applied(jobs, body, "create") == ""


def by_flux(jobs: Jobs, body: Body) -> None:
    """Apply with `force: enabled`: a dry run that is refused as invalid deletes the object first."""
    apply = ("apply", "--server-side", "--field-manager=kustomize-controller")
    refusal = applied(jobs, body, *apply, "--dry-run=server")
    if refusal:
        assert "is invalid" in refusal
        jobs.plane.kubectl("delete", "cjob", body["metadata"]["name"], "-n", jobs.namespace, "--cascade=background")
    assert applied(jobs, body, *apply) == ""


WAYS = {"argo-cd": by_argo_cd, "flux": by_flux}


@pytest.mark.parametrize("tool", WAYS)
def test_a_changed_image_runs_a_job_once_more(tool: str, jobs: Jobs, runs: Runs) -> None:
    sync: Callable[[Jobs, Body], None] = WAYS[tool]
    [body] = manifests(EXAMPLES / tool / "run-again.yaml")
    name = body["metadata"]["name"]
    for _ in range(3):  # nothing has changed after the first
        sync(jobs, body)
        assert jobs.finished(name)["phase"] == "Succeeded"
    assert runs.count() == 1
    first = jobs.get(name)["metadata"]["uid"]
    newer = with_image(body, NEWER)
    assert "a finished job is a record" in applied(jobs, newer)
    for _ in range(3):
        sync(jobs, newer)
        wait_for("the next run", lambda: jobs.get(name)["metadata"]["uid"] != first)
        assert jobs.finished(name)["phase"] == "Succeeded"
    assert runs.count() == 2
    assert jobs.get(name)["status"]["attemptCount"] == 1


@pytest.mark.parametrize("tool", WAYS)
def test_a_job_that_still_runs_is_stopped_before_it_is_run_again(tool: str, jobs: Jobs, runs: Runs) -> None:
    [body] = manifests(EXAMPLES / tool / "run-again.yaml")
    name = body["metadata"]["name"]
    body["spec"]["template"]["spec"]["containers"][0] |= {"command": UNTIL_STOPPED, "args": []}
    WAYS[tool](jobs, body)
    jobs.reaches(name, "Running")
    first = jobs.get(name)["metadata"]["uid"]
    WAYS[tool](jobs, with_image(body, NEWER))
    wait_for("the next run", lambda: jobs.get(name)["metadata"]["uid"] != first and jobs.phase(name) == "Running")
    wait_for("the first container is gone", lambda: not jobs.containers_of(first))
    assert (runs.count(), runs.running()) == (2, 1)


def test_another_suffix_is_another_run(jobs: Jobs, runs: Runs, tmp_path: Path) -> None:
    for path in SUFFIXED.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    for _ in range(2):
        jobs.plane.kubectl("apply", "-n", jobs.namespace, "-k", str(tmp_path))
        assert jobs.finished("import-prices-1.37")["phase"] == "Succeeded"
    assert runs.count() == 1
    kustomization = tmp_path / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("1.37", "1.38"))
    for _ in range(2):
        jobs.plane.kubectl("apply", "-n", jobs.namespace, "-k", str(tmp_path))
        assert jobs.finished("import-prices-1.38")["phase"] == "Succeeded"
    assert runs.count() == 2
    used = jobs.get("import-prices-1.38")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert used == NEWER


def test_the_retry_of_argo_cd_makes_one_more_run_however_often_it_is_asked_for(jobs: Jobs, runs: Runs) -> None:
    name = jobs.apply("exit 3")
    assert jobs.finished(name)["phase"] == "Failed"
    source = jobs.get(name)
    [made] = lua_machine.act("retry", source)
    assert applied(jobs, made["resource"], "create") == ""
    assert jobs.finished(f"{name}-retry-1")["phase"] == "Failed"
    [again] = lua_machine.act("retry", source)
    assert "already exists" in applied(jobs, again["resource"], "create")
    assert runs.count() == 2


@pytest.mark.parametrize(("action", "phase"), [("cancel", "Cancelled"), ("suspend", "Suspended")])
def test_the_actions_of_argo_cd_do_what_they_are_called(action: str, phase: str, jobs: Jobs) -> None:
    name = jobs.apply(UNTIL_STOPPED)
    jobs.reaches(name, "Running")
    [done] = lua_machine.act(action, jobs.get(name))
    assert done["operation"] == "patch"
    assert applied(jobs, done["resource"], "replace") == ""
    jobs.reaches(name, phase)


def test_a_ttl_on_what_argo_cd_would_create_again_is_warned_of(jobs: Jobs, cluster: TestPlane) -> None:
    body = jobs.manifest("exit 0", name="marked", ttlSecondsAfterFinished=600)
    body["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": "shop:containerjobs.io/ContainerJob:x/marked"
    }
    jobs.create(body)
    jobs.finished("marked")

    def warnings() -> list[str]:
        field = "--field-selector=type=Warning,involvedObject.name=marked"
        found = json.loads(cluster.kubectl("get", "events", "-n", jobs.namespace, field, "-o", "json").stdout)[
            "items"
        ]
        return [event["message"] for event in found]

    [told] = wait_for("the warning", warnings)
    assert "Argo CD creates deleted objects again" in told
