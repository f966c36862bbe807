"""Refused starts: what would be refused everywhere and always, and what may pass."""

import pytest

from containerjob_operator.decide.observations import Observation, RunState

RUNC = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
)


def refused(code: int | None, words: str, state: RunState = RunState.CREATED) -> bool:
    return Observation(state, exit_code=code, error=words).start_failure_permanent


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (127, ""),
        (126, ""),
        (127, RUNC + 'exec: "/nope": stat /nope: no such file or directory: unknown'),
        (126, RUNC + 'exec: "/bin/mounting": permission denied: unknown'),
        (128, RUNC + 'exec: "nope": executable file not found in $PATH: unknown'),
        (128, "crun: executable file `nope` not found: No such file or directory: OCI runtime attempted to invoke"),
        (128, "exec user process caused: exec format error"),
        (128, 'chdir to cwd ("/secret") set in config.json failed: permission denied'),
        (None, "the working directory /work is not a directory"),
        (128, "unable to find user app: no matching entries in passwd file"),
    ],
)
def test_what_the_image_does_not_have_is_missing_for_good(code: int | None, words: str) -> None:
    assert refused(code, words)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (128, "driver failed programming external connectivity: bind: address already in use"),
        (128, "mkdir /var/lib/docker/overlay2/x: no space left on device"),
        (128, 'error gathering device information while adding custom device "/dev/x": no such file or directory'),
        (127, RUNC + 'error mounting "/a" to rootfs at "/etc/passwd": not a directory: Are you trying to mount a'),
        (None, "network none-such not found"),
    ],
)
def test_what_the_machine_cannot_do_may_pass(code: int | None, words: str) -> None:
    assert not refused(code, words)


def test_only_a_refused_start_is_one() -> None:
    assert not refused(None, "")
    assert not refused(127, "", RunState.EXITED)
