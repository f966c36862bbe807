"""The command line: what is wrong is said in one line, with the option and the remedy."""

import importlib.metadata
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


def test_the_version_is_one_line_and_that_of_the_package() -> None:
    ended = operator("--version")
    version = importlib.metadata.version("containerjob")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"containerjob-operator {version}\n", "")


def test_every_option_is_explained_with_its_default() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert "--allow-fake-hosts" in shown
    assert "[default: 30; a number from 1 to 3600]" in " ".join(shown.split())
    assert all(getattr(parameter, "help", "") for parameter in main.params)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--kubeconfig", "/nowhere"], ("--kubeconfig", "/nowhere", "does not exist")),
        (["--resync-interval", "0"], ("--resync-interval", "'0' is not a number from 1 to 3600")),
        (["--resync-interval", "nan"], ("--resync-interval", "'nan' is not a number from 1 to 3600")),
        (["--shutdown-timeout", "601"], ("--shutdown-timeout", "'601' is not a number from 1 to 600")),
        (["--max-concurrent", "0"], ("--max-concurrent", "'0' is not a whole number from 1 to 100000")),
        (["--concurrency", "many"], ("--concurrency", "'many' is not a whole number from 1 to 1000")),
        (["--lease-seconds", "1"], ("--lease-seconds", "'1' is not a whole number from 2 to 600")),
        (["--http-port", "70000"], ("--http-port", "'70000' is not a whole number from 1 to 65535")),
        (["--host", "Builder"], ("--host", "'Builder' is not the name of a DockerHost")),
        (["--namespace", "a/b"], ("--namespace", "'a/b' is not the name of a namespace")),
        (["--log-level", "LOUD"], ("--log-level", "DEBUG")),
        (["--log-format", "xml"], ("--log-format", "'json', 'text'")),
        (["--frobnicate"], ("No such option", "--frobnicate")),
        (["--api-port", "0"], ("--api-port", "from 1 to 65535")),
        (["--api-port", "8443"], ("--api-port needs --api-cert-file and --api-key-file",)),
        (["--api-cert-file", __file__], ("--api-cert-file and --api-key-file need --api-port",)),
        (["--api-key-file", "/nowhere"], ("--api-key-file", "/nowhere", "does not exist")),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(args: list[str], words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, args, env={"KUBECONFIG": None})
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
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


def started_with(monkeypatch: pytest.MonkeyPatch, *args: str, **environment: str) -> Settings:
    seen: list[Settings] = []

    async def serve(settings: Settings) -> None:
        seen.append(settings)

    monkeypatch.setattr(containerjob_operator.serve, "serve", serve)
    outside = {"KUBECONFIG": None, "POD_NAME": None, "POD_NAMESPACE": None}
    result = CliRunner().invoke(main, args, env={**outside, **environment})
    assert result.exit_code == 0, result.output
    return seen[0]


def test_a_pod_tells_its_identity_and_its_namespace_and_others_are_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    pod = started_with(monkeypatch, POD_NAME="operator-0", POD_NAMESPACE="jobs-system")
    assert (pod.identity, pod.lease_namespace) == ("operator-0", "jobs-system")
    alone = started_with(monkeypatch)
    assert (alone.identity != _identity(), alone.lease_namespace) == (True, "containerjob-system")


def test_options_that_may_be_given_several_times_are_all_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = started_with(monkeypatch, "--host", "a", "--host", "b.c", "--namespace", "x", "--namespace", "y")
    assert (settings.hosts, settings.namespaces) == (("a", "b.c"), ("x", "y"))


def test_without_options_everything_is_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = started_with(monkeypatch)
    assert settings == Settings(identity=settings.identity)


def test_every_option_of_the_model_has_a_description_and_its_numbers_have_bounds() -> None:
    for name, schema in Settings.model_json_schema()["properties"].items():
        assert schema["description"].endswith("."), name
        for kind in schema.get("anyOf", [schema]):
            if kind.get("type") in ("number", "integer"):
                assert {"minimum", "maximum"} <= kind.keys(), name


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
