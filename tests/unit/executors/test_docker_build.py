"""The create body, whole."""

from dataclasses import replace

from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.docker.build import create_body

SMALLEST = RunSpec(name="cj-1-0", image="busybox", command=(), args=(), working_dir="", env=(), labels=())
HOST_CONFIG = {
    "AutoRemove": False,
    "RestartPolicy": {"Name": "no"},
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
    "SecurityOpt": ["no-new-privileges"],
    "PidsLimit": 4096,
}


def test_what_the_job_leaves_open_is_left_to_the_image() -> None:
    assert create_body(SMALLEST) == {"Image": "busybox", "Env": [], "Labels": {}, "HostConfig": HOST_CONFIG}


def test_everything_the_job_says_is_asked_for() -> None:
    run = RunSpec(
        name="cj-1-0",
        image="busybox:1.37",
        command=("sh", "-c"),
        args=("echo hi",),
        working_dir="/srv",
        env=(("A", "1"), ("B", "x=y")),
        labels=(("k", "v"),),
        nano_cpus=500_000_000,
        memory_bytes=1024,
    )
    assert create_body(run) == {
        "Image": "busybox:1.37",
        "Entrypoint": ["sh", "-c"],
        "Cmd": ["echo hi"],
        "WorkingDir": "/srv",
        "Env": ["A=1", "B=x=y"],
        "Labels": {"k": "v"},
        "HostConfig": HOST_CONFIG | {"NanoCpus": 500_000_000, "Memory": 1024, "MemorySwap": 1024},
    }


def test_a_command_without_args_asks_for_no_arguments() -> None:
    body = create_body(replace(SMALLEST, command=("true",)))
    assert (body["Entrypoint"], body["Cmd"]) == (["true"], [])


def test_args_without_a_command_leave_the_entrypoint_to_the_image() -> None:
    body = create_body(replace(SMALLEST, args=("-v",)))
    assert body["Cmd"] == ["-v"]
    assert "Entrypoint" not in body
