"""The plugin's own frame: one line for every mistake, and the code that the page promises."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.unit.cli.stand_in import install

from kubectl_containerjob import exits, kubectl
from kubectl_containerjob.main import COMMANDS, PROGRAM, as_kubectl_reads, cli
from kubectl_containerjob.problems import Problem


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), prog_name=PROGRAM)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["cancle"], "error: there is no command 'cancle': did you mean cancel?; see `kubectl containerjob --help`"),
        (["fly"], "error: there is no command 'fly'; see `kubectl containerjob --help`"),
        (["version", "--fast"], "see `kubectl containerjob version --help`"),
        (["host", "ad"], "see `kubectl containerjob host --help`"),
        (["version", "-o", "xml"], "see `kubectl containerjob version --help`"),
        (["run", "x", "--dry-run"], "requires an argument; see `kubectl containerjob run --help`"),
        (["list", "--\x1b[2J"], r"No such option '--\x1b[2J'"),
        (["run", "x", "--dry-run=client", "-o", "json"], "error: --dry-run, -o: only for a new job, with --image"),
        (["run", "x", "--field-manager", "me"], "error: --field-manager: only for a new job, with --image"),
        (["top", "-l", "a=b", "--all"], "error: give a selector or --all, not both"),
        (["host", "add", "x", "-y"], "No such option '-y'"),
        (["host", "show"], "see `kubectl containerjob host show --help`"),
    ],
)
def test_wrong_usage_is_one_line_that_says_where_help_is(words: list[str], line: str) -> None:
    result = invoke(*words)
    assert result.exit_code == exits.USAGE
    assert result.output.startswith("error: ")
    assert line in result.output
    assert result.output.count("\n") == 1


def test_short_options_take_an_equals_sign_as_in_kubectl_but_not_behind_the_dashes() -> None:
    words = ["list", "-o=json", "-l=a=b", "-n=team", "--", "-o=json"]
    assert as_kubectl_reads(words) == ["list", "-ojson", "-la=b", "-nteam", "--", "-o=json"]
    assert as_kubectl_reads(["run", "--env=A=1", "-=x", "-"]) == ["run", "--env=A=1", "-=x", "-"]


def test_no_command_at_all_shows_the_commands() -> None:
    result = invoke()
    assert result.exit_code == exits.USAGE
    assert all(f"  {name} " in result.output for name in COMMANDS)
    assert "Show, add, test and cordon hosts" in invoke("host").output


def run_with(failure: BaseException) -> Result:
    """Have a verb end by an exception, within the plugin's own frame."""

    @click.command()
    def failing() -> None:
        raise failure

    class Frame(type(cli)):  # type: ignore[misc]
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            return failing

    return CliRunner().invoke(Frame(name="frame"), ["version"])


def test_a_problem_is_one_line_with_its_own_code() -> None:
    result = run_with(Problem("no\nhost", exits.DEADLINE))
    assert (result.exit_code, result.output) == (exits.DEADLINE, "error: no host\n")


@pytest.mark.parametrize("end", [KeyboardInterrupt(), click.Abort()], ids=["Ctrl-C", "no"])
def test_an_interrupt_has_a_code_of_its_own_and_ends_the_line(end: BaseException) -> None:
    result = run_with(end)
    assert (result.exit_code, result.output) == (exits.DETACHED, "\n")


@pytest.mark.parametrize("verb", ["logs", "top"])
def test_a_dash_is_no_job_and_never_means_them_all(verb: str) -> None:
    result = invoke(verb, "-n", "team", "-")
    assert result.exit_code == exits.FAILED
    assert result.output.startswith("error: there is no ContainerJob -")


def test_a_caller_that_wants_exceptions_gets_them() -> None:
    with pytest.raises(click.UsageError):
        cli.main(["fly"], standalone_mode=False)


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m kubectl_containerjob --help | true"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_full_disk_is_told_in_one_line() -> None:
    command = f"{sys.executable} -m kubectl_containerjob --help >/dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (exits.FAILED, "error: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_the_plugin_ends_its_kubectl_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    stand_in = install(tmp_path / "bin", monkeypatch)
    stand_in.runs(f"echo $$ >{tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; exec sleep 60")
    with subprocess.Popen([sys.executable, "-m", "kubectl_containerjob", "list"], stderr=subprocess.PIPE) as plugin:
        assert eventually((tmp_path / "pid").exists)
        plugin.send_signal(number)
        assert plugin.wait(10) == exits.DETACHED
    child = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not Path(f"/proc/{child}").exists())


def test_what_stands_before_the_verb_of_a_host_reaches_kubectl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = install(tmp_path / "bin", monkeypatch)
    invoke("host", "--context=x", "list")
    assert stand_in.calls == [
        ["get", kubectl.HOSTS["DockerHost"], "--context=x"],
        ["get", kubectl.HOSTS["CloudRunHost"], "--ignore-not-found", "--context=x"],
    ]
