"""kubectl as a script that plays prepared answers: the Nth list, watch and log stream, each with its own end."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.programs import write_program

from containerjob_api.frames import ALL, Frame, Kind
from kubectl_containerjob import kubectl

# A file NAME-N is printed, NAME-N.error is the refusal, and NAME-N.hold keeps the stream open.
SCRIPT = """cd {folder}
case "$*" in *watch=true*) name=watch ;; */log\\?*) name=log ;; *--raw*) name=list ;; *) name=other ;; esac
number=$(( $(cat $name.count 2>/dev/null || echo 0) + 1 ))
echo $number > $name.count
echo "$*" >> asked
[ ! -e $name-$number ] || cat $name-$number
[ ! -e $name-$number.hold ] || exec sleep 60
[ ! -e $name-$number.error ] || {{ cat $name-$number.error >&2; exit 1; }}
"""


class Played:
    """The folder of the answers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        write_program(folder, "kubectl", SCRIPT.format(folder=folder))
        monkeypatch.setattr(kubectl, "PROGRAM", str(folder / "kubectl"))

    def watch(self, number: int, *events: tuple[str, dict[str, Any]], hold: bool = False) -> None:
        lines = "".join(json.dumps({"type": kind, "object": body}) + "\n" for kind, body in events)
        self._write(f"watch-{number}", lines.encode(), hold)

    def lists(self, number: int, *jobs: dict[str, Any], version: str = "100") -> None:
        body = {"metadata": {"resourceVersion": version}, "items": list(jobs)}
        self._write(f"list-{number}", json.dumps(body).encode(), False)

    def logs(self, number: int, *frames: Frame, hold: bool = False) -> None:
        self._write(f"log-{number}", b"".join(frame.to_bytes() for frame in frames), hold)

    def refuses(self, name: str, text: str) -> None:
        (self.folder / f"{name}.error").write_text(text)

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()

    def _write(self, name: str, data: bytes, hold: bool) -> None:
        (self.folder / name).write_bytes(data)
        if hold:
            (self.folder / f"{name}.hold").touch()


def job(version: int, phase: str | None = None, *, uid: str = "u", **status: Any) -> dict[str, Any]:
    """Return a job as the API server sends it."""
    seen = {"observedGeneration": 1, "phase": phase, **status} if phase else {"observedGeneration": -1}
    return {
        "metadata": {
            "name": "hello",
            "namespace": "team",
            "uid": uid,
            "resourceVersion": str(version),
            "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.37"}]}}},
        "status": seen,
    }


def attempt(**fields: Any) -> dict[str, Any]:
    return {"attempt": 0, "host": {"kind": "DockerHost", "name": "fake"}, "name": "cj-u-0", **fields}


def ended(version: int, code: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a job whose container ended with this code."""
    made = attempt(
        startedAt="2026-01-01T00:00:01Z", finishedAt="2026-01-01T00:00:02Z", exitCode=code, containerID="c", **fields
    )
    if code:
        made |= {"failureClass": "Application", "reason": "NonZeroExitCode"}
    return job(
        version,
        "Failed" if code else "Succeeded",
        attempts=[made],
        attemptCount=1,
        host={"name": "fake"},
        finished=True,
    )


SOURCE = {"namespace": "team", "name": "hello", "attempt": 0, "container": "cj-u-0", "host": "fake"}
BEGIN = Frame(Kind.SOURCE, json.dumps(SOURCE).encode())
END = Frame(Kind.END, b'{"reason": "exited", "exitCode": 0, "phase": "Succeeded"}', ALL)


def output(text: bytes, ordinal: int = 1, kind: Kind = Kind.STDOUT) -> Frame:
    return Frame(kind, text, 0, 0, 1_700_000_000_000_000_000 + ordinal, 1)
