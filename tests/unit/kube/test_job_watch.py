"""Jobs by name or selector over real HTTP: pages, watches that end, break or are too old."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from containerjob_operator.errors import KubeRefused, KubeUnavailable
from containerjob_operator.kube import job_watch
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.job_watch import Change, Wanted

Json = dict[str, Any]


def job(name: str, version: str = "1") -> Json:
    return {"metadata": {"name": name, "resourceVersion": version}}


def name_of(body: Json) -> str:
    return str(body["metadata"]["name"])


class JobServer:
    """Lists what it is given, then plays the watches it is given, one after another."""

    def __init__(self) -> None:
        self.pages: list[list[Json]] = [[job("a")]]
        self.watches: list[list[Json | str]] = []
        self.asked: list[dict[str, str]] = []
        self.paths: set[str] = set()
        self.refusal = ""
        self.strange = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a list or a watch."""
        self.asked.append(dict(request.query))
        self.paths.add(request.path)
        if self.refusal:
            return web.Response(status=400, text=self.refusal)
        if self.strange:
            return web.json_response({})
        if "watch" in request.query:
            return await self._watch(request)
        at = int(request.query.get("continue", "0"))
        more = {"continue": str(at + 1)} if at + 1 < len(self.pages) else {}
        return web.json_response({"metadata": {"resourceVersion": "10"} | more, "items": self.pages[at]})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        script = self.watches.pop(0) if self.watches else ["stay"]
        if script == ["refuse"]:
            return web.json_response({"message": "not today"}, status=503)
        response = web.StreamResponse()
        await response.prepare(request)
        for event in script:
            if event == "stay":
                await asyncio.sleep(60)
            elif event == "break":
                assert request.transport is not None
                request.transport.abort()
            else:
                line = event if isinstance(event, str) else json.dumps(event)
                await response.write(f"{line}\n".encode())
        return response


@pytest.fixture
def server() -> JobServer:
    return JobServer()


@pytest.fixture
async def kube(server: JobServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kube]:
    """The operator's client before this server."""
    monkeypatch.setattr(job_watch, "PAUSE_SECONDS", 0.01)
    application = web.Application()
    application.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    config = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{site.port}"}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    async with Kube.connect(path) as made:
        yield made
    await runner.cleanup()


async def changes(kube: Kube, count: int, wanted: Wanted = Wanted()) -> list[Change[str]]:  # noqa: B008 - frozen
    found: list[Change[str]] = []
    async with aclosing(kube.follow_jobs(wanted, name_of)) as following, asyncio.timeout(20):
        async for change in following:
            found.append(change)
            if len(found) == count:
                break
    return found


async def test_a_list_is_read_page_by_page_as_it_was_asked_for(kube: Kube, server: JobServer) -> None:
    server.pages = [[job("a")], [job("b"), job("c")]]
    wanted = Wanted("team", labels="app in (x,y),!old")
    assert await kube.jobs_wanted(wanted, name_of) == ["a", "b", "c"]
    assert server.paths == {"/apis/containerjobs.io/v1alpha1/namespaces/team/containerjobs"}
    assert server.asked[0] == {"labelSelector": "app in (x,y),!old", "limit": "500"}
    assert server.asked[1]["continue"] == "1"
    await kube.jobs_wanted(Wanted(name="a"), name_of)
    assert server.asked[-1]["fieldSelector"] == "metadata.name=a"


async def test_changes_follow_the_list_and_a_watch_that_ends_is_gone_on_with(kube: Kube, server: JobServer) -> None:
    server.watches = [
        [{"type": "MODIFIED", "object": job("a", "11")}, {"type": "BOOKMARK", "object": job("", "15")}],
        [{"type": "DELETED", "object": job("a", "16")}],
    ]
    assert await changes(kube, 3) == [Change(["a"], whole=True), Change(["a"]), Change(["a"], deleted=True)]
    assert [query["resourceVersion"] for query in server.asked if "watch" in query] == ["10", "15"]


async def test_only_a_line_feed_ends_an_event(kube: Kube, server: JobServer) -> None:
    event = {"type": "MODIFIED", "object": job("a\x85\u2028b", "11")}
    server.watches = [[json.dumps(event, ensure_ascii=False)]]
    assert await changes(kube, 2) == [Change(["a"], whole=True), Change(["a\x85\u2028b"])]


@pytest.mark.parametrize(
    "watch",
    [
        [{"type": "ERROR", "object": {"code": 410, "message": "too old"}}],
        ["break"],
        ["refuse"],
        ["<html>"],
    ],
    ids=["too old", "broken", "refused", "no API server"],
)
async def test_a_watch_that_fails_is_begun_again_with_a_list(
    kube: Kube, server: JobServer, watch: list[Json | str]
) -> None:
    server.watches = [watch]
    assert await changes(kube, 2) == [Change(["a"], whole=True)] * 2


async def test_a_watch_that_says_nothing_for_too_long_is_dead(
    kube: Kube, server: JobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_watch, "QUIET_SECONDS", 0.05)
    assert len(await changes(kube, 3)) == 3


async def test_only_before_the_first_list_an_error_is_the_callers(kube: Kube, server: JobServer) -> None:
    server.strange = True
    with pytest.raises(KubeUnavailable, match="not a Kubernetes API server's"):
        await changes(kube, 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [('{"message": "unable to parse"}', "reading ContainerJobs: unable to parse"), ("<html>", ".*: <html>")],
    ids=["API server", "something before it"],
)
async def test_a_refusal_is_told_in_the_servers_words(
    kube: Kube, server: JobServer, answer: str, message: str
) -> None:
    server.refusal = answer
    with pytest.raises(KubeRefused, match=message):
        await kube.jobs_wanted(Wanted(labels="a in"), name_of)
