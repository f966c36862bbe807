"""What `show` prints of a job in each phase, at 80 columns."""

import pytest
from tests.unit.cli.golden_files import assert_golden
from tests.unit.cli.sample_records import CASES, EVENTS, NOW, attempt, before, job

from kubectl_containerjob.records import Job
from kubectl_containerjob.screens import descriptions
from kubectl_containerjob.screens.plain_text import UNBOUNDED, cells


def screen(shown: Job, *, width: int = 80, colour: bool = False) -> list[str]:
    return descriptions.screen(shown, EVENTS, NOW, width=width, colour=colour)


@pytest.mark.parametrize("name", CASES)
def test_a_job_of_every_phase_looks_as_it_was_approved(name: str) -> None:
    assert_golden(f"show-{name}", screen(CASES[name]()))


@pytest.mark.parametrize("name", ["failed", "running"])
def test_a_job_looks_as_it_was_approved_in_colours(name: str) -> None:
    assert_golden(f"show-{name}-colour", screen(CASES[name](), colour=True))


@pytest.mark.parametrize("name", CASES)
def test_no_line_is_wider_than_the_terminal(name: str) -> None:
    wide = [line for line in screen(CASES[name]()) if cells(line) > 80]
    assert wide == []


def test_colours_change_nothing_but_colours() -> None:
    import click

    coloured = [click.unstyle(line) for line in screen(CASES["failed"](), colour=True)]
    assert coloured == screen(CASES["failed"]())


def test_what_others_wrote_cannot_steer_a_terminal() -> None:
    text = "".join(screen(CASES["hostile"]()))
    assert text.isprintable()
    assert "\\x1b[2J" in text


def test_what_is_piped_is_neither_folded_nor_cut() -> None:
    shown = job("Pending", "NoHost")
    shown.body["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "LONG", "value": "x" * 500}]
    assert f"  Env       LONG={'x' * 500}" in screen(shown, width=UNBOUNDED)


def test_events_that_may_not_be_read_are_said_to_be_forbidden() -> None:
    lines = descriptions.screen(CASES["queued"](), None, NOW, width=80, colour=False)
    assert lines[lines.index("Events") + 1] == "  <forbidden>"


def test_more_than_ten_attempts_are_told_to_be_the_newest() -> None:
    attempts = [attempt(number, reason="StartError", message="no") for number in range(5, 15)]
    lines = screen(job("Failed", "StartError", attempts=attempts, attemptCount=15, host={"name": "builder-1"}))
    assert "Attempts, the newest 10 of 15" in lines


def test_a_wide_row_of_an_attempt_gives_up_its_date_and_then_part_of_the_hosts_name() -> None:
    long = attempt(
        launchTime=before(60),
        host="a-host-with-a-very-long-name-" * 3,
        reason="AttemptDeadlineExceeded",
        exitCode=137,
        signal=9,
    )
    (row, *_) = (line for line in screen(job("Failed", "StartError", attempts=[long], attemptCount=1)) if "└" in line)
    assert "a-host-with-…" in row
    assert "2026-01" not in row
    assert cells(row) <= 80


def test_arguments_alone_are_told_from_a_command() -> None:
    shown = job("Pending", "NoHost")
    shown.body["spec"]["template"]["spec"]["containers"] = [
        {"name": "main", "image": "i", "args": ["-v", "two words"], "workingDir": "/data"}
    ]
    lines = screen(shown)
    assert "  Args      -v 'two words'" in lines
    assert "  Workdir   /data" in lines


def test_only_the_last_lines_are_shown_and_the_way_to_the_others() -> None:
    tail = {"stdout": "".join(f"line {number}\n" for number in range(20)), "stderr": "", "truncated": False}
    shown = job("Running", "Running", attempts=[attempt(logTail=tail)], attemptCount=1)
    lines = screen(shown)
    begin = lines.index("Output, the kept last lines")
    assert lines[begin + 1 : begin + 12] == [
        *(f"  stdout │ line {number}" for number in range(10, 20)),
        "  more with --logs",
    ]


def test_where_a_job_stands_fits_into_one_line() -> None:
    assert descriptions.line(CASES["queued"](), NOW) == (
        "2026-01-31 12:00:00Z  Queued  HostFull: waiting for a free slot"
    )
    assert descriptions.line(CASES["new"](), NOW) == "2026-01-31 12:00:00Z  Pending"
