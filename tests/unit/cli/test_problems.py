"""What kubectl writes becomes one line that says what and what to do."""

import pytest

from kubectl_containerjob import exits
from kubectl_containerjob.problems import NO_KINDS, Problem, from_kubectl


@pytest.mark.parametrize(
    ("written", "line", "reason"),
    [
        (
            'Error from server (Forbidden): jobs is forbidden: User "x" cannot list',
            'jobs is forbidden: User "x" cannot list: ask an administrator for the role',
            "Forbidden",
        ),
        ('Error from server (NotFound): dockerhosts "x" not found', 'dockerhosts "x" not found', "NotFound"),
        ("Error from server: no", "no", ""),
        (
            "error: You must be logged in to the server (Unauthorized)",
            "You must be logged in to the server (Unauthorized)",
            "",
        ),
        ('error: the server doesn\'t have a resource type "cjob"', NO_KINDS, "Unknown"),
        (
            'error: context "x" does not exist',
            'context "x" does not exist: see `kubectl config get-contexts`',
            "Unknown",
        ),
        (
            "E1122 23:44:09.4 memcache.go] connection refused\nThe connection to the server localhost:1 was refused",
            "the cluster does not answer (The connection to the server localhost:1 was refused):"
            " is it up, and is this the right context?",
            "Down",
        ),
        (
            "Error from server (ServiceUnavailable): error trying to reach service: dial tcp 127.0.0.1:9: refused",
            "error trying to reach service: dial tcp 127.0.0.1:9: refused",
            "ServiceUnavailable",
        ),
        (
            'error: Apply failed with 1 conflict: conflict with "x" using v1: .data.TZ\nPlease review\nSee it',
            'Apply failed with 1 conflict: conflict with "x" using v1: .data.TZ',
            "Conflict",
        ),
        ("Warning: old\nerror: bad flag", "bad flag", ""),
        ("Warning: only this", "Warning: only this", ""),
        ("", "kubectl ended with exit code 7", ""),
    ],
)
def test_what_kubectl_wrote_is_told_in_one_line(written: str, line: str, reason: str) -> None:
    refused = from_kubectl(written, 7)
    assert (refused.message, refused.reason, refused.exit_code) == (line, reason, exits.FAILED)


def test_no_terminal_obeys_what_a_problem_quotes() -> None:
    assert Problem("no context \x1b[2J\u202e…").message == r"no context \x1b[2J\u202e…"


def test_a_problem_is_written_as_kubectl_writes_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Problem("first\n  second", exits.DEADLINE).show()
    assert capsys.readouterr().err == "error: first second\n"
