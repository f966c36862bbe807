"""kubectl as our client: what is passed to it, what is made of its answers, and that no child outlives its use."""

import os
import time
from pathlib import Path

import pytest
from tests.unit.cli.stand_in import StandIn, install, listed

from kubectl_containerjob import children, kubectl
from kubectl_containerjob.kubectl import SUBRESOURCES, Kubectl, documents, path_of, with_query
from kubectl_containerjob.problems import NO_KUBECTL, Problem, Refused


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "bin", monkeypatch)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_flags_and_the_namespace_follow_the_callers_own_words(stand_in: StandIn) -> None:
    Kubectl(("--context=x",), "team").run("get", "cjob")
    Kubectl(("--context=x",), "team").run("get", "dhost", namespaced=False)
    assert stand_in.calls == [
        ["get", "cjob", "--context=x", "--namespace=team"],
        ["get", "dhost", "--context=x"],
    ]


def test_flags_stand_before_a_command_of_the_callers_own(stand_in: StandIn) -> None:
    Kubectl(("--context=x",)).run("exec", "--", "ls", "-l")
    assert stand_in.calls == [["exec", "--context=x", "--", "ls", "-l"]]


def test_what_is_given_as_stdin_arrives_and_nothing_is_waited_for_without_it(stand_in: StandIn) -> None:
    stand_in.runs("cat")
    assert Kubectl().run("create", "-f", "-", stdin="body") == "body"
    assert Kubectl().run("get") == ""


def test_answers_are_read_as_json(stand_in: StandIn) -> None:
    stand_in.answers(listed({"metadata": {"name": "x"}}))
    assert Kubectl().items("cjob") == [{"metadata": {"name": "x"}}]
    assert Kubectl().raw("/version")["kind"] == "List"
    assert stand_in.calls == [["get", "cjob", "-o", "json"], ["get", "--raw", "/version"]]


def test_objects_are_read_one_after_the_other_and_out_of_lists() -> None:
    assert documents('{"a": 1}\n{"kind": "List", "items": [{"b": 2}]}\n') == [{"a": 1}, {"b": 2}]
    assert documents("") == []


def test_an_event_that_broke_off_is_none(stand_in: StandIn) -> None:
    stand_in.answers('{"type": "ADDED"}\n{"type": "MODI')
    with Kubectl().stream("/x") as stream:
        assert list(stream.events()) == [{"type": "ADDED"}]


def test_a_missing_object_is_none(stand_in: StandIn) -> None:
    assert Kubectl().find("cjob", "x") is None
    stand_in.answers('{"kind": "ContainerJob"}')
    assert Kubectl().find("cjob", "x") == {"kind": "ContainerJob"}


def test_a_refusal_is_one_line_with_the_remedy(stand_in: StandIn) -> None:
    stand_in.answers(stderr="Error from server (AlreadyExists): x is there\n", code=1)
    with pytest.raises(Refused, match=r"^x is there: choose another name, or delete it first$") as refused:
        Kubectl().run("create")
    assert refused.value.reason == "AlreadyExists"


@pytest.mark.parametrize(("context", "namespace"), [("team\n", "team"), ("", "default")])
def test_the_namespace_is_the_contexts_unless_one_was_chosen(stand_in: StandIn, context: str, namespace: str) -> None:
    stand_in.answers(context)
    assert Kubectl().namespace() == namespace
    assert Kubectl((), "mine").namespace() == "mine"
    assert len(stand_in.calls) == 1


def test_in_a_pod_the_namespace_is_that_of_its_service_account(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.answers(stderr="error: current-context must exist in order to minify\n", code=1)
    assert Kubectl().namespace() == "default"
    (tmp_path / "namespace").write_text("team")
    assert kubectl.of_this_pod(str(tmp_path / "namespace")) == "team"
    stand_in.answers(stderr='error: context "x" does not exist\n', code=1)
    with pytest.raises(Refused, match="does not exist"):
        Kubectl().namespace()


def test_what_kubectl_prints_itself_goes_through_untouched(
    stand_in: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in.answers("NAME\nx\n", stderr="Warning: old\n")
    Kubectl().show("get", "cjob")
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("NAME\nx\n", "Warning: old\n")
    stand_in.answers(stderr="error: unknown flag\n", code=1)
    with pytest.raises(Refused, match=r"^unknown flag$"):
        Kubectl().show("get", "cjob")


def test_an_interrupt_ends_what_kubectl_was_showing(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.runs(f"echo $$ >{tmp_path}/pid; sleep 0.5; kill -INT $PPID; exec sleep 60")
    with pytest.raises(KeyboardInterrupt):
        Kubectl().show("get", "cjob", "-w")
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_kubectl_that_shows_and_ignores_sigterm_is_killed(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "STOP_SECONDS", 0.1)
    busy = "while :; do read -r _ </dev/zero; done"
    stand_in.runs(f"trap '' TERM; echo $$ >{tmp_path}/pid; (sleep 0.5; kill -INT $PPID) & {busy}")
    with pytest.raises(KeyboardInterrupt):
        Kubectl().show("get", "cjob", "-w")
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_list_whose_reader_is_gone_ends_as_under_a_shell(stand_in: StandIn) -> None:
    stand_in.runs("kill -PIPE $$")
    with pytest.raises(BrokenPipeError):
        Kubectl().show("get", "cjob")


def test_an_idle_stream_ends_with_its_block(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.runs(f"echo $$ >{tmp_path}/pid; echo first; exec sleep 60")
    with Kubectl().stream("/log", {"follow": True}) as stream:
        assert stream.out.readline() == b"first\n"
    assert gone(int((tmp_path / "pid").read_text()))
    assert stand_in.calls == [["get", "--raw", "/log?follow=true"]]


def test_a_child_that_ignores_sigterm_is_killed(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubectl, "STOP_SECONDS", 0.1)
    stand_in.runs(f"trap '' TERM; echo $$ >{tmp_path}/pid; echo first; while :; do read -r _ </dev/zero; done")
    with Kubectl().stream("/log") as stream:
        assert stream.out.readline() == b"first\n"
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < deadline


def test_the_end_of_a_stream_tells_a_refusal_from_the_last_byte(stand_in: StandIn) -> None:
    stand_in.answers("all\n")
    with Kubectl().stream("/log") as stream:
        assert stream.out.read() == b"all\n"
        stream.check()
    stand_in.answers(stderr="Error from server (NotFound): no such job\n", code=1)
    with Kubectl().stream("/log") as stream:
        assert stream.out.read() == b""
        with pytest.raises(Refused, match="no such job"):
            stream.check()


def test_without_kubectl_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match=NO_KUBECTL):
        Kubectl().run("get")


def test_paths_and_queries_are_escaped() -> None:
    assert path_of("containerjobs", "a b", "x/log", base=SUBRESOURCES) == (
        "/apis/subresources.containerjobs.io/v1alpha1/namespaces/a%20b/containerjobs/x/log"
    )
    assert path_of("dockerhosts") == "/apis/containerjobs.io/v1alpha1/dockerhosts"
    assert with_query("/x", {"a": None, "b": "", "c": False, "d": "x y", "e": 0}) == "/x?c=false&d=x+y&e=0"
    assert with_query("/x", None) == "/x"
