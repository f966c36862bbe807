"""A sample of the crash sweep with real containers: what the fake engine shows in seconds has to hold on Docker."""

import dataclasses
import random
import threading
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pytest
from docker import DockerClient
from tests.contract.conftest import IMAGE, docker_endpoint, oracle  # noqa: F401 - fixtures
from tests.fakes.operator_rig import until
from tests.fakes.troubles import CrashAt, LoseAt, Trouble, When
from tests.faults.test_crash_sweep import COUNTED, LIVES, Engine, Story, lost
from tests.size import FULL

from containerjob_api.names import LABEL_CLUSTER_UID

pytestmark = pytest.mark.real

SAMPLES = 12 if FULL else 2
SEED = 20261
RUN_HERE = [name for name in LIVES if name != "no-such-image"]
"""Without a registry, an engine can't tell an image that nobody has from one that it can't get."""


class Witness:
    """What happens to the containers of one cluster on a real engine, told by its events."""

    def __init__(self, client: DockerClient, cluster: str) -> None:
        self._client = client
        self._label = f"{LABEL_CLUSTER_UID}={cluster}"
        self.starts = 0
        self._events = client.events(decode=True, filters={"label": self._label, "event": "start"})
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    @property
    def containers(self) -> Collection[object]:
        """Ask for what is there."""
        found: list[object] = self._client.api.containers(all=True, filters={"label": self._label})
        return found

    def _count(self) -> None:
        for _ in self._events:
            self.starts += 1

    def close(self) -> None:
        """Stop listening, and remove what is there."""
        self._events.close()
        self._thread.join(10)
        for row in self.containers:
            self._client.api.remove_container(row["Id"], force=True)  # type: ignore[index]


@dataclass
class RealStory(Story):
    """One life on the real engine, as a cluster of its own."""

    cluster: str = field(default_factory=lambda: uuid.uuid4().hex)
    client: DockerClient = field(kw_only=True)
    where: str = field(kw_only=True)

    def new_engine(self) -> tuple[Engine, str]:
        """Watch the engine that all share."""
        self.witness = Witness(self.client, self.cluster)
        return self.witness, self.where


@pytest.fixture
def witnesses() -> Iterator[list[Witness]]:
    """Everybody who watches; closed at the end."""
    found: list[Witness] = []
    yield found
    for witness in found:
        witness.close()


@pytest.mark.timeout(1800 if FULL else 300)
@pytest.mark.parametrize("name", RUN_HERE)
async def test_a_crash_or_a_lost_answer_changes_nothing_of_a_jobs_fate_on_docker(
    name: str,
    oracle: DockerClient,  # noqa: F811
    docker_endpoint: str,  # noqa: F811
    witnesses: list[Witness],
) -> None:
    life = dataclasses.replace(LIVES[name], spec={"image": IMAGE, **LIVES[name].spec})

    async def live(trouble: Trouble) -> None:
        story = RealStory(life, client=oracle, where=docker_endpoint)
        witnesses.append(story.witness)
        await story.live(trouble)
        await until(lambda: story.engine.starts >= min(life.starts), "the engine has told of every start", 60)
        story.check()

    counting = LoseAt(COUNTED, 0, When.BEFORE, lost, length=0)
    await live(counting)
    dice = random.Random(f"{SEED} {name}")  # noqa: S311 - the same sample each time
    for number in dice.sample(range(1, counting.count + 1), min(SAMPLES, counting.count)):
        when = dice.choice(list(When))
        makes = [CrashAt(COUNTED, number, when), LoseAt(COUNTED, number, when, lost)]
        try:
            await live(dice.choice(makes))
        except AssertionError as problem:
            raise AssertionError(f"{when} effect {number} of {counting.count}: {problem}") from problem
