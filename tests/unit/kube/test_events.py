import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.unit.kube.servers import kube_with, status

from containerjob_api.hosts import DockerHost
from containerjob_operator.kube import events
from containerjob_operator.kube.event_series import cut
from containerjob_operator.kube.events import EventRecorder

HOST = DockerHost.from_body({"metadata": {"name": "h", "uid": "u"}, "spec": {"endpoint": "unix:///x"}})


class EventServer:
    """Remembers what it was sent; waits when its gate is closed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse: Callable[[str], httpx2.Response | None] = lambda _: None

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        await self.gate.wait()
        body = json.loads(request.content)
        self.sent.append((request.method, body))
        return self.refuse(request.method) or httpx2.Response(200, json=body)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> EventServer:
    return EventServer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def recorder(tmp_path: Path, server: EventServer, clock: Clock) -> AsyncIterator[EventRecorder]:
    recorder = EventRecorder(kube_with(tmp_path, server), instance="me", clock=clock)
    yield recorder
    await recorder.aclose(1)


async def _written(recorder: EventRecorder) -> None:
    async with asyncio.timeout(10):
        await recorder._waiting.join()


async def test_repetitions_within_ten_minutes_count_up_and_later_ones_are_new(
    server: EventServer, recorder: EventRecorder, clock: Clock
) -> None:
    for seconds in (0.0, 599.0, 1199.0, 1800.0):
        clock.now = seconds
        recorder.record(HOST, "Warning", "Unreachable", "no answer")
        await _written(recorder)
    assert [(method, body["count"]) for method, body in server.sent] == [
        ("POST", 1),
        ("PATCH", 2),
        ("PATCH", 3),
        ("POST", 1),
    ]
    assert server.sent[0][1]["metadata"]["name"] != server.sent[3][1]["metadata"]["name"]


async def test_repetitions_of_a_waiting_event_are_one_write(server: EventServer, recorder: EventRecorder) -> None:
    for _ in range(5000):
        recorder.record(HOST, "Normal", "EngineReady", "answers")
    await _written(recorder)
    assert [(method, body["count"]) for method, body in server.sent] == [("POST", 5000)]
    assert recorder.dropped == 0


async def test_what_does_not_fit_is_counted_and_dropped(server: EventServer, recorder: EventRecorder) -> None:
    server.gate.clear()
    for number in range(events.WAITING_LIMIT + 7):
        recorder.record(HOST, "Normal", "EngineReady", f"answer {number}")
    assert recorder.dropped == 7
    server.gate.set()
    await _written(recorder)
    assert len(server.sent) == events.WAITING_LIMIT


async def test_only_so_many_events_are_remembered(recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "REMEMBERED_LIMIT", 3)
    for number in range(5):
        recorder.record(HOST, "Normal", "EngineReady", f"answer {number}")
    await _written(recorder)
    assert [told.message for told in recorder._series] == ["answer 2", "answer 3", "answer 4"]


async def test_an_event_that_the_server_forgot_is_created_again(server: EventServer, recorder: EventRecorder) -> None:
    server.refuse = lambda method: status(404, "not found") if method == "PATCH" else None
    recorder.record(HOST, "Normal", "EngineReady", "answers")
    await _written(recorder)
    recorder.record(HOST, "Normal", "EngineReady", "answers")
    await _written(recorder)
    assert [(method, body["count"]) for method, body in server.sent] == [("POST", 1), ("PATCH", 2), ("POST", 2)]


async def test_a_refused_event_is_counted_and_the_next_one_is_written(
    server: EventServer, recorder: EventRecorder
) -> None:
    server.refuse = lambda _: status(403, "events is forbidden") if len(server.sent) == 1 else None
    recorder.record(HOST, "Normal", "EngineReady", "one")
    recorder.record(HOST, "Normal", "EngineReady", "two")
    await _written(recorder)
    assert recorder.dropped == 1
    assert [body["message"] for _, body in server.sent] == ["one", "two"]


async def test_closing_gives_up_after_its_timeout_and_counts_what_was_left(
    server: EventServer, recorder: EventRecorder
) -> None:
    server.gate.clear()
    recorder.record(HOST, "Normal", "EngineReady", "one")
    recorder.record(HOST, "Normal", "EngineReady", "two")
    await recorder.aclose(0.05)
    assert server.sent == []
    assert recorder.dropped == 2


async def test_an_event_after_the_end_is_dropped_quietly(server: EventServer, recorder: EventRecorder) -> None:
    await recorder.aclose(1)
    recorder.record(HOST, "Normal", "EngineReady", "late")
    assert recorder.dropped == 1
    assert server.sent == []


@pytest.mark.parametrize("message", ["x" * 1025, "é" * 600, "a" + "🐳" * 300])
def test_a_long_message_is_cut_between_characters(message: str) -> None:
    short = cut(message)
    assert len(short.encode()) <= 1024
    assert short.endswith("…")
    assert message.startswith(short[:-1])


def test_a_short_message_stays() -> None:
    assert cut("é" * 512) == "é" * 512
