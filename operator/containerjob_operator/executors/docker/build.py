"""RunSpec to the body of `POST /containers/create`. Pure."""

from typing import Any, Final

from containerjob_operator.decide.runs import RunSpec

PIDS_LIMIT: Final = 4096
"""Stops a fork bomb, far above what a job needs."""
LOG_CONFIG: Final = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
"""A driver that can be read back, whatever the daemon's default, and bounded on the host's disk."""


def create_body(run: RunSpec) -> dict[str, Any]:
    """Return the container that `run` asks for; what the job leaves open is left to the image."""
    body: dict[str, Any] = {
        "Image": run.image,
        "Env": [f"{name}={value}" for name, value in run.env],
        "Labels": dict(run.labels),
        "HostConfig": _host_config(run),
    }
    if run.command:
        body["Entrypoint"] = list(run.command)
    if run.command or run.args:
        # As in Kubernetes, a command without args runs without the image's CMD.
        body["Cmd"] = list(run.args)
    if run.working_dir:
        body["WorkingDir"] = run.working_dir
    return body


def _host_config(run: RunSpec) -> dict[str, Any]:
    config: dict[str, Any] = {
        # The exited container is the tombstone of the attempt: nobody but us removes or restarts it.
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": LOG_CONFIG,
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": PIDS_LIMIT,
    }
    if run.nano_cpus is not None:
        config["NanoCpus"] = run.nano_cpus
    if run.memory_bytes is not None:
        config["Memory"] = run.memory_bytes
        # The same number means no swap beyond it: a limit is a limit.
        config["MemorySwap"] = run.memory_bytes
    return config
