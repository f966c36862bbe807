"""What TAB offers: by the words before it, and never a word about what went wrong."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.unit.cli.stand_in import StandIn, install, listed

from kubectl_containerjob import completions
from kubectl_containerjob.commands.completion import ASKED
from kubectl_containerjob.completions import FILES, NOTHING_ELSE, complete
from kubectl_containerjob.main import COMMANDS, PROGRAM, cli

JOBS = listed(
    {"metadata": {"name": "a-1"}, "status": {"phase": "Running"}},
    {"metadata": {"name": "a-2"}, "status": {"phase": "Suspended"}},
    {"metadata": {"name": "b-1"}},
)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "bin", monkeypatch)


def offered(*words: str) -> list[str]:
    return [word for word, _ in complete(words)[0]]


def test_commands_and_their_subcommands_come_with_a_sentence() -> None:
    assert complete(["canc"]) == ([("cancel", COMMANDS["cancel"])], NOTHING_ELSE)
    assert offered() == offered("") == sorted(COMMANDS)
    assert ("cordon", "Keep new jobs away from hosts; running ones go on") in complete(["host", ""])[0]


def test_options_come_by_their_long_names_and_kubectls_own_only_when_they_are_typed() -> None:
    assert offered("seed", "--force") == ["--force-conflicts"]
    assert "--context" not in offered("seed", "-")
    assert offered("seed", "--cont") == ["--context"]
    assert offered("seed", "--he") == ["--help"]


def test_values_of_options_come_in_both_ways_of_writing() -> None:
    assert offered("seed", "--dry-run", "s") == offered("seed", "--dry-run=s") == ["server"]
    assert offered("list", "--phase", "T") == ["TimedOut"]
    assert offered("list", "-o", "js") == ["json", "jsonpath="]
    assert complete(["seed", "--nothing=x"]) == ([], NOTHING_ELSE)
    assert complete(["seed", "--endpoint", ""]) == ([], NOTHING_ELSE)


def test_names_of_files_are_the_shells_business() -> None:
    assert complete(["version", "--kubeconfig", ""]) == ([], FILES)
    assert complete(["create", "x", "--", "l"]) == ([], FILES)


def test_words_that_make_no_sense_offer_nothing() -> None:
    assert complete(["host", "fly", ""]) == ([], FILES)
    assert offered("completion", "bash", "") == []
    assert offered("completion", "z") == ["zsh"]
    assert offered("seed", "") == []


def test_jobs_are_those_that_the_verb_can_do_something_with(stand_in: StandIn) -> None:
    stand_in.answers(JOBS)
    assert complete(["cancel", "-n", "team", "--context=x", "a"])[0] == [("a-1", "Running"), ("a-2", "Suspended")]
    assert offered("-n", "team", "cancel", "a-1", "") == ["a-2", "b-1"]
    assert offered("resume", "-n", "team", "") == ["a-2"]
    assert offered("cancel", "-n=team", "b") == ["b-1"]
    call = stand_in.calls[0]
    assert "--context=x" in call
    assert "/namespaces/team/containerjobs?fieldSelector=status.finished%21%3Dtrue&limit=500" in call[2]
    assert f"--request-timeout={completions.SECONDS:g}s" in call


def test_hosts_templates_and_their_parameters_are_offered(stand_in: StandIn) -> None:
    stand_in.answers(listed({"metadata": {"name": "h"}, "spec": {"endpoint": "unix:///x"}}))
    assert complete(["host", "show", "h"])[0] == [("h", "unix:///x")]
    assert offered("host", "show", "h", "") == []
    spec = {"description": "Adds", "parameters": [{"name": "n", "description": "What"}]}
    stand_in.answers(listed({"metadata": {"name": "t"}, "spec": spec}))
    assert complete(["template", "show", "-n", "x", ""])[0] == [("t", "Adds")]
    assert complete(["template", "render", "-n", "x", "t", "-p", ""])[0] == [("n=", "What")]
    assert offered("template", "render", "-n", "x", "-p", "") == []


def test_hosts_of_both_kinds_are_offered_and_one_kind_where_there_is_no_other(stand_in: StandIn) -> None:
    docker = shlex.quote(listed({"metadata": {"name": "h"}, "spec": {"endpoint": "unix:///x"}}))
    cloud = shlex.quote(listed({"metadata": {"name": "eu"}, "spec": {"project": "demo-project"}}))
    both = f"case $3 in */dockerhosts*) printf %s {docker};; *) printf %s {cloud};; esac"
    stand_in.runs(both)
    offers = [("h", "unix:///x"), ("cloudrunhost/eu", "demo-project")]
    assert complete(["host", "show", ""])[0] == complete(["run", "--host", ""])[0] == offers
    stand_in.runs(f"case $3 in */dockerhosts*) printf %s {docker};; *) exit 1;; esac")
    assert complete(["host", "show", ""])[0] == offers[:1]


def test_what_the_kubeconfig_holds_is_offered(stand_in: StandIn) -> None:
    stand_in.answers("NAME\none\n")
    assert offered("list", "--cluster", "") == offered("list", "--context", "") == ["one"]
    stand_in.answers("namespace/team\n")
    assert offered("list", "-n", "t") == ["team"]


def asked(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kubectl_containerjob.completions", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_program_answers_as_cobra_does_and_gives_a_hundred_names_at_most(
    stand_in: StandIn, tmp_path: Path
) -> None:
    stand_in.answers(listed(*({"metadata": {"name": f"job-{number}"}} for number in range(150))))
    done = asked("cancel", "-n", "x", "", environment={"PATH": str(tmp_path / "bin") + ":/usr/bin:/bin"})
    lines = done.stdout.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (101, "job-0\tPending", ":4")


def test_an_error_is_never_told(stand_in: StandIn, tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path / "bin") + ":/usr/bin:/bin"}
    for answer in ("exit 1", "echo no json", 'echo "{}"'):
        stand_in.runs(answer)
        done = asked("cancel", "-n", "x", "", environment=environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, ":4\n", "")


def test_a_cluster_that_does_not_answer_is_given_up(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.runs("exec sleep 60")
    monkeypatch.setattr(completions, "SECONDS", 0.3)
    monkeypatch.setattr(sys, "argv", ["complete", "cancel", "-n", "x", ""])
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    completions.main()
    sys.stderr.close()
    assert capsys.readouterr().out == ":4\n"


def leaves(command: click.Command, path: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, f"{path} {name}".strip())


def test_an_archive_is_the_name_of_a_file() -> None:
    assert complete(["local", "load", ""]) == ([], FILES)


def test_every_verb_that_names_something_there_is_completes_its_names() -> None:
    free = {"completion", "create", "host add", "host bootstrap", "local load"}
    named = set()
    for path in leaves(cli):
        command: click.Command = cli
        for word in path.split():
            assert isinstance(command, click.Group)
            command = command.get_command(click.Context(command), word)  # type: ignore[assignment]
        if any(isinstance(parameter, click.Argument) for parameter in command.params):
            named.add(path)
    assert named - free - {"run"} <= set(completions._BY_COMMAND)
    assert set(completions._BY_COMMAND) <= set(leaves(cli))


def invoke(*words: str) -> str:
    result = CliRunner().invoke(cli, ["completion", *words], prog_name=PROGRAM)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_what_to_read(shell: str) -> None:
    assert f"kubectl completion {shell}" in invoke(shell)


def test_the_program_that_kubectl_asks_is_put_beside_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubectl-containerjob").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is not in PATH" in invoke("bash")
    assert f"{tmp_path / ASKED} installed\n" in invoke("bash", "--install")
    assert "is there already" in invoke("zsh", "--install")
    assert f"# kubectl asks {tmp_path / ASKED}" in invoke("fish")
    done = subprocess.run([tmp_path / ASKED, "ver"], capture_output=True, text=True, check=True)
    assert done.stdout == f"version\t{COMMANDS['version']}\n:4\n"


def test_without_a_folder_to_write_to_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "home" / "bin"
    own.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"/usr/bin{':'}{own}")
    assert f"{own / ASKED} installed" in invoke("bash", "--install")
    monkeypatch.setenv("PATH", "/usr/bin")
    result = CliRunner().invoke(cli, ["completion", "bash", "--install"], prog_name=PROGRAM)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert json.dumps(result.output)
