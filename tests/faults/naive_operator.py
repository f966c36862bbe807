"""What most people would write first: kopf's handlers around the `docker` package. It works; the faults are compared
with it. Run by `kopf run`; the engine is DOCKER_HOST's.
"""

from typing import Any

import docker
import docker.errors
import kopf

JOBS = ("containerjobs.io", "v1alpha1", "containerjobs")

engine = docker.from_env()


@kopf.on.create(*JOBS)
def create(spec: Any, name: str, namespace: str, uid: str, patch: Any, logger: Any, **_: Any) -> None:
    """Run the job's container."""
    wanted = spec["template"]["spec"]["containers"][0]
    container = engine.containers.run(
        wanted["image"],
        entrypoint=wanted.get("command"),
        command=wanted.get("args"),
        working_dir=wanted.get("workingDir"),
        environment={variable["name"]: variable.get("value", "") for variable in wanted.get("env", [])},
        name=f"{namespace}-{name}",
        labels={"containerjob-uid": uid},
        detach=True,
    )
    logger.info("container %s runs", container.short_id)
    patch.status["phase"] = "Running"


@kopf.timer(*JOBS, interval=1.0)
def poll(status: Any, name: str, namespace: str, patch: Any, **_: Any) -> None:
    """Record the end of a container that was running."""
    if status.get("phase") != "Running":
        return
    container = engine.containers.get(f"{namespace}-{name}")
    if container.status == "exited":
        ended = container.attrs["State"]
        code = ended["ExitCode"]
        patch.status["phase"] = "Succeeded" if code == 0 else "Failed"
        patch.status["exitCode"] = code
        patch.status["finished"] = True
        patch.status["finishTime"] = ended["FinishedAt"]


@kopf.on.delete(*JOBS)
def delete(name: str, namespace: str, **_: Any) -> None:
    """Remove the container; kopf's finalizer holds the object until that is done."""
    try:
        engine.containers.get(f"{namespace}-{name}").remove(force=True)
    except docker.errors.NotFound:
        return
