"""The command line: what is wrong is said in one line, with the option and the remedy."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import containerjob_operator.serve
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.lease import LeaseLost
from containerjob_operator.main import _identity, allow_open_files, main, run
from containerjob_operator.serve import NotInstalledError, Unusable
from containerjob_operator.settings import Listen, Settings

SETTINGS = Settings(identity="me")


def operator(*args: str) -> "subprocess.CompletedProcess[str]":
    """Run the operator's command as a process of its own, outside of any cluster."""
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    command = [sys.executable, "-m", "containerjob_operator", *args]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def ends_with(monkeypatch: pytest.MonkeyPatch, problem: Exception | None) -> None:
    async def serve(_settings: Settings) -> None:
        if problem is not None:
            raise problem

    monkeypatch.setattr(containerjob_operator.serve, "serve", serve)


def test_every_option_is_explained_with_its_default() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert "--allow-fake-hosts" in shown
    assert "[default: 30.0;" in shown
    assert all(
        getattr(parameter, "help", "")
        for parameter in main.params
        if parameter.name not in {"log_level", "log_format"}
    )


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--kubeconfig", "/nowhere"], ("--kubeconfig", "/nowhere", "does not exist")),
        (["--resync-seconds", "0"], ("--resync-seconds", "1<=x<=3600")),
        (["--concurrency", "many"], ("--concurrency", "'many' is not a valid integer")),
        (["--lease-seconds", "1"], ("--lease-seconds", "2<=x<=600")),
        (["--log-level", "LOUD"], ("--log-level", "DEBUG")),
        (["--frobnicate"], ("No such option", "--frobnicate")),
        (["--api-port", "0"], ("--api-port", "1<=x<=65535")),
        (["--api-port", "8443"], ("--api-port needs --api-cert-file and --api-key-file",)),
        (["--api-cert-file", __file__], ("--api-cert-file and --api-key-file need --api-port",)),
        (["--api-key-file", "/nowhere"], ("--api-key-file", "/nowhere", "does not exist")),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(args: list[str], words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, args, env={"KUBECONFIG": None})
    assert result.exit_code == 2
    assert [word for word in words if word not in result.output] == []


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (NotInstalledError("CRD x is missing; apply crds/"), "error: CRD x is missing; apply crds/"),
        (LeaseLost("lease taken by b"), "error: lease taken by b; another operator leads now"),
        (KubeRefused("listing hosts: forbidden"), "error: listing hosts: forbidden"),
        (Unusable("--api-port 1 cannot be used: in use"), "error: --api-port 1 cannot be used: in use"),
    ],
)
def test_an_end_that_people_can_mend_is_one_line_and_exit_code_1(
    problem: Exception, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(monkeypatch, problem)
    assert run(SETTINGS) == 1
    assert capsys.readouterr().err.splitlines() == [line]


@pytest.mark.parametrize(("hard", "allowed"), [(4096, 4096), (resource.RLIM_INFINITY, 65536), (1 << 20, 65536)])
def test_as_many_files_may_be_open_as_the_machine_allows(
    monkeypatch: pytest.MonkeyPatch, hard: int, allowed: int
) -> None:
    limits: list[tuple[int, int]] = [(1024, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, chosen: limits.append(chosen))
    allow_open_files()
    assert limits[-1] == (allowed, hard)


def test_being_told_to_stop_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(monkeypatch, None)
    assert run(SETTINGS) == 0


def test_where_the_log_api_is_served_is_told_by_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Settings] = []

    async def serve(settings: Settings) -> None:
        seen.append(settings)

    monkeypatch.setattr(containerjob_operator.serve, "serve", serve)
    files = [tmp_path / "tls.crt", tmp_path / "tls.key"]
    for file in files:
        file.touch()
    options = ["--api-port", "8443", "--api-cert-file", str(files[0]), "--api-key-file", str(files[1])]
    for more in ([], ["--api-address", "127.0.0.1"]):
        assert CliRunner().invoke(main, [*options, *more], env={"KUBECONFIG": None}).exit_code == 0
    assert [each.log_api for each in seen] == [Listen(8443, *files), Listen(8443, *files, "127.0.0.1")]


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    ends_with(monkeypatch, ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        run(SETTINGS)


def test_a_kubeconfig_that_cannot_be_used_is_named_without_a_stack_trace(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{apiVersion: v1, kind: Config}")
    ended = operator("--kubeconfig", str(kubeconfig))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert str(kubeconfig) in ended.stderr


def test_without_a_kubeconfig_and_outside_a_pod_the_remedy_is_named() -> None:
    ended = operator()
    assert (ended.returncode, "name a kubeconfig file" in ended.stderr) == (1, True)


def test_a_pods_name_is_its_identity_and_others_are_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POD_NAME", "operator-0")
    assert _identity() == "operator-0"
    monkeypatch.delenv("POD_NAME")
    assert _identity() != _identity()


SPEAKING = """
import logging, sys, structlog
from containerjob_operator.logs import set_up_logging
set_up_logging(sys.argv[1], sys.argv[2])
structlog.get_logger("ours").info("started", job="hello")
logging.getLogger("theirs").warning("watch %s", "broke")
logging.getLogger("kopf.objects").info("handled")
structlog.get_logger("ours").debug("details")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("ours").exception("failed")
"""


def spoken(level: str, form: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", SPEAKING, level, form], capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stderr.splitlines()


def test_logs_are_one_json_object_a_line_whoever_speaks() -> None:
    lines = [json.loads(line) for line in spoken("INFO", "json")]
    assert [(line["event"], line["level"], line["logger"]) for line in lines] == [
        ("started", "info", "ours"),
        ("watch broke", "warning", "theirs"),
        ("failed", "error", "ours"),
    ]
    assert lines[0]["job"] == "hello"
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_logs_for_people_and_louder_or_quieter_ones() -> None:
    assert any("watch broke" in line and not line.startswith("{") for line in spoken("DEBUG", "text"))
    assert any("details" in line for line in spoken("DEBUG", "json"))
    assert [json.loads(line)["event"] for line in spoken("ERROR", "json")] == ["failed"]
