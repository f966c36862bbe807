"""Which jobs a verb means, and when it asks first."""

import io
import sys
from typing import Any

import click
import pytest

from kubectl_containerjob.kubectl import bare
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.selection import Selection, confirm, one_job


class Terminal(io.StringIO):
    """A person who types this."""

    def isatty(self) -> bool:
        return True


def jobs(*names: str) -> list[dict[str, Any]]:
    return [{"metadata": {"name": name, "namespace": "team", "uid": name}} for name in names]


@pytest.mark.parametrize(
    ("selection", "complaint"),
    [
        (Selection(("a",), "app=x", False, False), "not names with either"),
        (Selection(("a",), None, True, False), "not names with either"),
        (Selection(("a",), None, False, True), "not names with either"),
        (Selection((), "app=x", True, False), "not both"),
        (Selection((), None, False, True), "say which"),
        (Selection((), "", False, False), "say which"),
    ],
)
def test_what_says_nothing_or_two_things_is_wrong_usage(selection: Selection, complaint: str) -> None:
    with pytest.raises(click.UsageError, match=complaint):
        selection.check()


@pytest.mark.parametrize(
    "selection",
    [
        Selection(("a",), None, False, False),
        Selection((), "a=b", False, True),
        Selection((), None, True, True),
    ],
)
def test_one_way_to_say_it_is_enough(selection: Selection) -> None:
    selection.check()


def test_a_name_may_be_written_as_kubectl_prints_it() -> None:
    assert bare("containerjob.containerjobs.io/x") == bare("cjob/x") == bare("x") == "x"


@pytest.mark.parametrize("name", ["-", "", "..", "a b", "A", "a/-"])
def test_what_can_mean_something_else_in_a_path_is_no_job(name: str) -> None:
    with pytest.raises(Refused, match="there is no ContainerJob"):
        one_job(name)
    assert one_job("cjob/a.b-1") == "a.b-1"


def test_named_jobs_are_changed_without_a_question() -> None:
    confirm("delete", jobs("a", "b"), bulk=False, yes=False)
    confirm("delete", jobs("a", "b"), bulk=True, yes=True)
    confirm("delete", [], bulk=True, yes=False)


def test_without_a_terminal_many_jobs_need_a_yes_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(Problem, match="delete 2 jobs: give -y to say yes, or --dry-run=client to see which"):
        confirm("delete", jobs("a", "b"), bulk=True, yes=False)


def test_a_person_is_asked_with_the_first_names_and_may_say_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    confirm("cancel", jobs(*"abcdef"), bulk=True, yes=False)
    printed = capsys.readouterr()
    assert "cancel 6 jobs (a, b, c, d, e …)?" in printed.err + printed.out


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_person_who_does_not_say_yes_changes_nothing(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(Problem, match="the answer was no: nothing was changed"):
        confirm("cancel", jobs("a"), bulk=True, yes=False)


def test_to_a_verb_that_only_looks_every_namespace_means_every_job_there() -> None:
    everywhere = Selection((), None, False, True)
    assert everywhere.looking() == Selection((), None, True, True)
    for other in (
        Selection(("a",), None, False, True),
        Selection((), "a=b", False, True),
        Selection((), None, False, False),
    ):
        assert other.looking() == other
