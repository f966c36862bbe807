"""Colours and icons: only for those who look."""

import io
import os
import pty
import sys
import termios
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from containerjob_api.phases import Phase
from kubectl_containerjob import terminal


class Screen(io.StringIO):
    """A stream that says that a person looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_has_colours_and_a_pipe_has_none() -> None:
    assert terminal.coloured("auto", Screen())
    assert not terminal.coloured("auto", io.StringIO())
    assert terminal.coloured("always", io.StringIO())
    assert not terminal.coloured("never", Screen())


def test_a_dumb_terminal_has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.coloured("auto", Screen())
    monkeypatch.delenv("TERM")
    assert not terminal.is_terminal(Screen())


@pytest.mark.parametrize("name", ["CLICOLOR_FORCE", "FORCE_COLOR"])
def test_colours_can_be_forced_and_forbidden(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    assert not terminal.coloured("auto", io.StringIO())
    monkeypatch.setenv(name, "1")
    assert terminal.coloured("auto", io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.coloured("auto", Screen())


def test_every_phase_has_an_icon_and_its_name_in_every_case() -> None:
    assert set(terminal.ICONS) == set(Phase)
    assert terminal.phase("Failed", colour=True) == click.style("Failed", fg="red")
    assert terminal.phase("Failed", colour=False) == "Failed"
    assert click.unstyle(terminal.phase("Pending", colour=True)) == "Pending"


def test_without_a_terminal_a_line_has_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    assert terminal.width() == 132
    for nothing in ("0", "wide", ""):
        monkeypatch.setenv("COLUMNS", nothing)
        with Path(os.devnull).open("w") as nowhere:
            monkeypatch.setattr(sys, "__stdout__", nowhere)
            assert terminal.width() == 80
        assert terminal.width() == 80, "closed"
        monkeypatch.setattr(sys, "__stdout__", None)
        assert terminal.width() == 80, "none at all"


def test_a_terminal_tells_how_wide_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.delenv("COLUMNS", raising=False)
    with os.fdopen(theirs, "w") as screen:
        monkeypatch.setattr(sys, "__stdout__", screen)
        assert terminal.width() == 80, "a new one does not know"
        termios.tcsetwinsize(theirs, (24, 61))
        assert terminal.width() == 61
    os.close(ours)


def test_a_verb_learns_whether_to_colour() -> None:
    @click.command()
    @terminal.color_option
    def verb(colour: bool) -> None:
        click.echo(f"{colour} {click.style('x', fg='red')}")

    assert CliRunner().invoke(verb, ["--color=always"]).output == f"True {click.style('x', fg='red')}\n"
    assert CliRunner().invoke(verb, []).output == "False x\n"
