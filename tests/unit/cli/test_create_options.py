"""Every option of `create`, as it arrives in the manifest; nothing is asked of a cluster."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from containerjob_api.jobs import ContainerJob
from kubectl_containerjob.main import cli
from kubectl_containerjob.values.moments import Moment

IMAGE = ("--image", "busybox:1.37")


def written(*arguments: str) -> dict[str, Any]:
    """Return the manifest of a dry run; it is what the operator's own model can read."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options, rest = arguments[:split], arguments[split:]
    result = CliRunner().invoke(cli, ["create", *options, "--dry-run=client", "-o", "json", *rest])
    assert result.exit_code == 0, result.output
    body: dict[str, Any] = json.loads(result.output)
    for each in body.get("items", [body]):
        named = {"name": "made", **each["metadata"]}
        ContainerJob.from_body({**each, "metadata": named})
    return body


def container(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = written("a", *IMAGE, *arguments)["spec"]["template"]["spec"]["containers"][0]
    return found


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["create", *arguments])
    assert result.exit_code == 2, result.output
    assert result.output.count("\n") == 1
    return result.output


def test_an_image_alone_is_a_whole_manifest_without_anything_nobody_asked_for() -> None:
    assert written("hello", *IMAGE) == {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "ContainerJob",
        "metadata": {"name": "hello"},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.37"}]}}},
    }


def test_what_stands_behind_the_dashes_are_arguments_or_with_command_the_command() -> None:
    assert container("--", "echo", "--image", "-n", "--")["args"] == ["echo", "--image", "-n", "--"]
    whole = container("--command", "--", "sh", "-c", "x")
    assert (whole["command"], "args" in whole) == (["sh", "-c", "x"], False)


def test_variables_come_from_files_from_the_command_line_and_from_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "own")
    path = tmp_path / "env"
    path.write_text("A=file\nB=file\n")
    env = container("--env-file", str(path), "--env", "B=line=x", "--env", "MINE", "--env", "EMPTY=")["env"]
    assert {each["name"]: each["value"] for each in env} == {"A": "file", "B": "line=x", "MINE": "own", "EMPTY": ""}


def test_limits_working_directory_labels_and_annotations_arrive() -> None:
    body = written(
        *("a", *IMAGE, "--cpu", "500m", "--memory", "1Gi", "--workdir", "/data"),
        *("-L", "a=b,example.com/c=d", "--labels", "e=", "--annotation", "note=any thing, really"),
    )
    made = body["spec"]["template"]["spec"]["containers"][0]
    assert (made["resources"], made["workingDir"]) == ({"limits": {"cpu": "500m", "memory": "1Gi"}}, "/data")
    assert body["metadata"]["labels"] == {"a": "b", "example.com/c": "d", "e": ""}
    assert body["metadata"]["annotations"] == {"note": "any thing, really"}


def test_host_retries_times_and_suspension_arrive_in_the_spec() -> None:
    spec = written(
        *("a", *IMAGE, "--host", "rack-1", "--retries", "0", "--timeout", "1h30m", "--ttl", "0"),
        *("--suspend", "--at", "2026-01-31T18:00:00+01:00"),
    )["spec"]
    del spec["template"]
    assert spec == {
        "placement": {"hostRef": {"kind": "DockerHost", "name": "rack-1"}},
        "backoffLimit": 0,
        "activeDeadlineSeconds": 5400,
        "ttlSecondsAfterFinished": 0,
        "suspend": True,
        "notBefore": "2026-01-31T17:00:00Z",
    }


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("500ms", 1)])
def test_a_timeout_is_whole_seconds_however_it_is_written(text: str, seconds: int) -> None:
    assert written("a", *IMAGE, "--timeout", text)["spec"]["activeDeadlineSeconds"] == seconds


def test_a_moment_is_given_as_distance_as_local_time_or_with_its_zone() -> None:
    now = datetime(2026, 1, 31, 17, 30, tzinfo=UTC)
    moment = Moment(lambda: now)
    assert moment.convert("+10m", None, None) == "2026-01-31T17:40:00Z"
    assert moment.convert("18:00", None, None) == "2026-01-31T18:00:00Z"
    assert moment.convert("17:30", None, None) == "2026-02-01T17:30:00Z"
    assert moment.convert("2026-02-01T00:00:00.5Z", None, None) == "2026-02-01T00:00:00.500000Z"
    for wrong in ("25:00", "soon", "2026-13-01T00:00:00Z", "2026-02-01T00:00:00", "+9999999999w", "20260131T180000Z"):
        with pytest.raises(click.BadParameter):
            moment.convert(wrong, None, None)
    assert datetime.fromisoformat(str(Moment().convert("+1h", None, None))) - datetime.now(UTC) > timedelta(
        minutes=59
    )


def test_count_numbers_names_words_and_variables() -> None:
    items = written("part", *IMAGE, "--count", "2", "--env", "N=n{index}", "--", "echo", "{index}.{index}")["items"]
    made = [each["spec"]["template"]["spec"]["containers"][0] for each in items]
    assert [each["metadata"]["name"] for each in items] == ["part-0", "part-1"]
    assert [each["args"][1] for each in made] == ["0.0", "1.1"]
    assert [each["env"][0]["value"] for each in made] == ["n0", "n1"]
    named = written("p{index}x", *IMAGE, "--count", "1", "--command", "--", "{index}")
    assert named["metadata"]["name"] == "p0x"
    assert named["spec"]["template"]["spec"]["containers"][0]["command"] == ["0"]
    generated = written(*IMAGE, "--count", "2")["items"]
    assert [each["metadata"]["generateName"] for each in generated] == ["busybox-0-", "busybox-1-"]


@pytest.mark.parametrize(
    ("image", "stem"),
    [
        ("busybox:1.37", "busybox-"),
        ("registry.example.com:5000/team/My_App@sha256:" + "a" * 64, "my-app-"),
        ("x/" + "a" * 80, "a" * 51 + "-"),
        ("___", "job-"),
    ],
)
def test_a_job_without_a_name_gets_one_from_its_image(image: str, stem: str) -> None:
    assert written("--image", image)["metadata"] == {"generateName": stem}


def test_a_dry_run_says_so_and_names_what_it_would_create() -> None:
    run = CliRunner().invoke(cli, ["create", "a", *IMAGE, "--dry-run=client"])
    assert run.output == "containerjob.containerjobs.io/a created (dry run)\n"
    run = CliRunner().invoke(cli, ["create", *IMAGE, "--dry-run=client"])
    assert run.output == "containerjob.containerjobs.io/busybox-… created (dry run)\n"
    run = CliRunner().invoke(cli, ["create", "a", *IMAGE, "--dry-run=client", "-o", "name", "-n", "team"])
    assert run.output == "containerjob.containerjobs.io/a\n"
    run = CliRunner().invoke(cli, ["create", "a", *IMAGE, "--dry-run=client", "-o", "json", "-n", "team"])
    assert json.loads(run.output)["metadata"]["namespace"] == "team"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say what to run: --image IMAGE, --from-template NAME, or -f FILE"),
        (("a", "b", *IMAGE), "one name only, not 'a b': the container's command goes behind --"),
        (("A_b", *IMAGE), "'A_b' can't be the name of a job: use lower-case letters"),
        (("a" * 254, *IMAGE), "has 254 characters: 253 are allowed"),
        (("a{index}", *IMAGE), "the name a{index} has {index}, which needs --count"),
        (("a" * 252, *IMAGE, "--count", "2"), "has 254 characters: 253 are allowed"),
        (("a", *IMAGE, "--count", "10001"), "10001 is not in the range 1<=x<=10000"),
        (("a", *IMAGE, "--command"), "--command needs a command behind --"),
        (("a", *IMAGE, "-p", "x=y"), "-p gives a template its parameters: name one with --from-template"),
        (("a", *IMAGE, "--workdir", "data"), "--workdir data: give an absolute path, such as /data"),
        (("a", *IMAGE, "--cpu", "much"), "'much' is not a quantity such as 500m, 2 or 256Mi"),
        (("a", *IMAGE, "--timeout", "0"), "'0' must be from 1 to 2147483647 seconds"),
        (("a", *IMAGE, "--timeout", "soon"), "'soon' is no duration: write it as 30s, 5m, 1h30m or 7d"),
        (("a", *IMAGE, "--at", "soon"), "'soon' is no moment: write 2026-01-31T18:00:00Z, +10m from now, or 18:00"),
        (("a", *IMAGE, "--retries", "-1"), "-1 is not in the range"),
        (("a", *IMAGE, "--env", "1=x"), "'1' is no name of a variable, such as LEVEL"),
        (("a", *IMAGE, "--env", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE is not set in your environment: give NOT_SET"),
        (("a", *IMAGE, "-L", "a"), "--labels a: write KEY=VALUE"),
        (("a", *IMAGE, "-L", "a=b c"), "--labels a=b c: a value has at most 63 letters"),
        (("a", *IMAGE, "-L", "-a=b"), "--labels -a=b: a key has at most 63 letters"),
        (("a", *IMAGE, "--annotation", "A_/b=c"), "--annotation A_/b=c: what stands before / must be a domain"),
        (
            ("a", "-f", "x.yaml", "--cpu", "1", "--", "x"),
            "-- COMMAND, --cpu, a can't go with -f: the file says it all",
        ),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_option_and_the_remedy(arguments: tuple[str, ...], says: str) -> None:
    assert says in refused(*arguments)


def test_the_help_shows_where_the_command_goes_and_an_example() -> None:
    text = CliRunner().invoke(cli, ["create", "--help"]).output
    assert re.search(r"create \[OPTIONS\] \[NAME\]\s+\[-- COMMAND \[ARG\]...\]", text)
    assert "kubectl containerjob create hello --image busybox:1.37 -- echo hello" in text
