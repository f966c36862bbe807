"""Cloud Logging: entries of tasks, as ListLogEntries gives them."""

import json

import pytest
from google.api_core import exceptions
from google.cloud.logging_v2.types import ListLogEntriesRequest
from google.logging.type.log_severity_pb2 import LogSeverity
from tests.emulation.conftest import Serve
from tests.emulation.customers import Customer, shell, until
from tests.emulators.cloudrun import Options

PROJECT = "projects/demo-project"
STDOUT = 'log_id("run.googleapis.com/stdout")'


async def test_an_entry_says_whose_it_is(customer: Customer) -> None:
    execution = await customer.finished(await customer.launch("whose", shell("echo hello")))
    (entry,) = await customer.entries(STDOUT)
    assert entry.text_payload == "hello"
    assert entry.log_name == f"{PROJECT}/logs/run.googleapis.com%2Fstdout"
    assert entry.resource.type == "cloud_run_job"
    assert dict(entry.resource.labels) == {
        "project_id": "demo-project",
        "location": "europe-west1",
        "job_name": "whose",
    }
    assert dict(entry.labels) == {
        "run.googleapis.com/execution_name": "whose-run",
        "run.googleapis.com/task_index": "0",
        "run.googleapis.com/task_attempt": "0",
    }
    assert execution.start_time < entry.timestamp < execution.completion_time
    assert entry.timestamp.nanosecond
    assert entry.severity == 0
    (system,) = await customer.entries('log_id("run.googleapis.com/varlog/system")')
    assert system.text_payload == "Container called exit(0)."


async def test_a_line_of_a_json_object_is_a_structured_entry(customer: Customer) -> None:
    lines = [
        {"severity": "error", "message": "broken", "code": 7, "logging.googleapis.com/labels": {"k": "v"}},
        {"severity": "INFO", "message": "plain"},
        ["no object"],
    ]
    script = "\n".join(["cat <<'END'", *map(json.dumps, lines), "{not json", "END"])
    await customer.finished(await customer.launch("structured", shell(script)))
    first, second, third, fourth = await customer.entries(STDOUT)
    assert dict(first.json_payload) == {"message": "broken", "code": 7}
    assert (first.severity, first.labels["k"]) == (LogSeverity.Value("ERROR"), "v")
    assert (second.severity, second.text_payload) == (LogSeverity.Value("INFO"), "plain")
    assert (third.text_payload, fourth.text_payload) == ('["no object"]', "{not json")


async def test_a_long_line_is_one_entry_and_a_last_one_without_its_end_is_one_too(customer: Customer) -> None:
    script = "head -c 40000 /dev/zero | tr '\\0' x; echo; printf end"
    await customer.finished(await customer.launch("long", shell(script)))
    first, last = await customer.entries(STDOUT)
    assert first.text_payload == "x" * 40000
    assert last.text_payload == "end"


async def test_entries_come_in_pages_in_either_order_and_none_is_left_out(customer: Customer) -> None:
    await customer.finished(await customer.launch("pages", shell("seq 1 25")))
    expected = [str(number) for number in range(1, 26)]
    oldest_first = await customer.entries(STDOUT, page_size=10, order_by="timestamp asc")
    assert [one.text_payload for one in oldest_first] == expected
    newest_first = await customer.entries(STDOUT, page_size=7, order_by="timestamp desc")
    assert [one.text_payload for one in newest_first] == expected[::-1]
    assert customer.emulator.calls["ListLogEntries"] == 7
    middle = oldest_first[12]
    since = f'{STDOUT} AND timestamp>="{middle.timestamp.rfc3339()}"'
    assert [one.text_payload for one in await customer.entries(since)] == expected[12:]


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"resource_names": []}, exceptions.InvalidArgument, "resource_names"),
        ({"resource_names": ["projects/other"]}, exceptions.NotFound, "other"),
        ({"order_by": "severity"}, exceptions.InvalidArgument, "order_by"),
        ({"page_size": 1001}, exceptions.InvalidArgument, "page_size"),
        ({"page_size": -1}, exceptions.InvalidArgument, "page_size"),
        ({"page_token": "x"}, exceptions.InvalidArgument, "page_token"),
        ({"page_token": "WzEsICJhIiwgW10sICIiLCAiIl0="}, exceptions.InvalidArgument, "page_token"),
        ({"filter": "anything"}, exceptions.InvalidArgument, "Unparseable filter"),
        ({"filter": "x" * 20_001}, exceptions.InvalidArgument, "longer"),
    ],
)
async def test_a_request_that_breaks_a_rule_is_refused(
    reader: Customer, request_: dict[str, object], error: type[Exception], words: str
) -> None:
    request = ListLogEntriesRequest({"resource_names": [PROJECT], **request_})
    with pytest.raises(error, match=words):
        await reader.logs.list_log_entries(request)


async def test_entries_are_seen_only_after_the_latency_and_may_come_out_of_order(serve: Serve) -> None:
    async with serve(Options(log_latency_seconds=600)) as customer:
        await customer.finished(await customer.launch("late", shell("echo unseen")))
        assert await customer.entries(STDOUT) == []
        customer.emulator.faults.clear()
        customer.emulator.faults.slow_logs(0)
        customer.emulator.faults.slow_logs(3, matching=lambda entry: entry.text_payload == "1")
        name = await customer.launch("mixed", shell("seq 1 3; exit 0"))
        await until(lambda: customer.output(name), lambda lines: lines == ["2", "3"])
        await until(lambda: customer.output(name), lambda lines: lines == ["1", "2", "3"])


async def test_system_lines_can_be_left_out(serve: Serve) -> None:
    async with serve(Options(system_logs=False)) as customer:
        await customer.finished(await customer.launch("quiet", shell("true")))
        assert await customer.entries("") == []
