"""The executor of a host that signs in with a key: made when it is first asked, and anew when the key changes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from tests.fakes.operator_rig import CLUSTER, new_engine
from tests.fakes.troubled_executor import TroubledExecutor
from tests.fakes.troubles import Planned

from containerjob_api.phases import HostReason
from containerjob_operator.errors import HostRefused, HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.outputs import OutputQuery
from containerjob_operator.executors.registry import executor_at
from containerjob_operator.executors.renewing import Renewing

VERBS: dict[str, Callable[[Renewing], Awaitable[object]]] = {
    "start": lambda executor: executor.start("cj-a-0"),
    "signal_stop": lambda executor: executor.signal_stop("cj-a-0"),
    "kill": lambda executor: executor.kill("cj-a-0"),
    "remove": lambda executor: executor.remove("cj-a-0"),
    "inspect": lambda executor: executor.inspect("cj-a-0"),
    "tail": lambda executor: executor.tail("cj-a-0"),
    "usage": lambda executor: executor.usage("cj-a-0"),
    "termination_message": lambda executor: executor.termination_message("cj-a-0", "/m"),
    "list_owned": lambda executor: executor.list_owned(),
    "create": lambda executor: executor.create(None),  # type: ignore[arg-type]  # fails before it is looked at
}


@dataclass
class Keys:
    """A Secret, and the executors that were made with what it held."""

    key: str = "one"
    trouble: Exception | None = None
    planned: Planned = field(default_factory=Planned)
    made: list[tuple[str | None, TroubledExecutor]] = field(default_factory=list)

    async def read(self) -> str:
        if self.trouble is not None:
            raise self.trouble
        return self.key

    def make(self, key: str | None) -> Executor:
        real = executor_at(new_engine()[1], cluster_uid=CLUSTER, allow_fake_hosts=True)
        self.made.append((key, TroubledExecutor(real, self.planned)))
        return self.made[-1][1]


@pytest.fixture
def keys() -> Keys:
    return Keys()


async def test_nothing_is_made_before_the_host_is_asked(keys: Keys) -> None:
    executor = Renewing(keys.make, keys.read)
    assert keys.made == []
    await executor.engine()
    assert [key for key, _ in keys.made] == ["one"]


async def test_without_a_secret_there_is_no_key(keys: Keys) -> None:
    executor = Renewing(keys.make, None)
    await executor.engine()
    await executor.engine()
    assert [key for key, _ in keys.made] == [None]


async def test_a_key_that_changed_makes_another_executor_and_closes_the_old_one(keys: Keys) -> None:
    executor = Renewing(keys.make, keys.read)
    await executor.engine()
    await executor.engine()
    keys.key = "two"
    await executor.engine()
    assert [(key, each.closed) for key, each in keys.made] == [("one", 1), ("two", 0)]
    await executor.aclose()
    await executor.aclose()
    assert [each.closed for _, each in keys.made] == [1, 1]


async def test_while_the_api_server_is_away_the_key_that_was_read_last_holds(keys: Keys) -> None:
    executor = Renewing(keys.make, keys.read)
    keys.trouble = HostUnavailable("no answer")
    with pytest.raises(HostUnavailable, match="no answer"):
        await executor.engine()
    keys.trouble = None
    await executor.engine()
    keys.trouble = HostUnavailable("no answer")
    await executor.engine()
    assert len(keys.made) == 1


async def test_a_secret_that_is_gone_is_told_although_the_old_key_might_still_work(keys: Keys) -> None:
    executor = Renewing(keys.make, keys.read)
    await executor.engine()
    keys.trouble = HostRefused(HostReason.CREDENTIALS_INVALID, "no Secret")
    with pytest.raises(HostRefused, match="no Secret"):
        await executor.engine()


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_reaches_the_executor_and_says_so_where_there_is_none_yet(keys: Keys, verb: str) -> None:
    executor = Renewing(keys.make, keys.read)
    with pytest.raises(HostUnavailable, match="was not asked yet"):
        await VERBS[verb](executor)
    await executor.engine()
    keys.planned.fail(verb, lambda: HostUnavailable("reached"))
    with pytest.raises(HostUnavailable, match="reached"):
        await VERBS[verb](executor)


async def test_streams_are_the_executors_own(keys: Keys) -> None:
    executor = Renewing(keys.make, keys.read)
    await executor.engine()
    events = executor.events()
    assert (await anext(events)).kind == "subscribed"
    output = executor.output("cj-a-0", OutputQuery())
    with pytest.raises(Exception, match="cj-a-0"):
        await anext(output)
    await executor.aclose()
