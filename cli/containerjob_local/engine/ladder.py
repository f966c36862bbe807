"""The ladder: the first container engine that answers, or one of our own where the machine allows it."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from containerjob_local.engine import own_daemon, packages
from containerjob_local.engine.answers import Engine, ask
from containerjob_local.engine.candidates import Candidate, candidates
from containerjob_local.engine.errors import EngineError, NoAnswerError

Report = Callable[[str], None]


def find_engine(state_dir: Path, report: Report, *, own: bool = False, network: bool = True) -> Engine:
    """Return an engine that answers, and start one when none does; raise EngineError that says what to install.

    `own` starts one of our own whatever else runs; `network` gives its containers a bridge where that works.
    A daemon that an earlier call started here comes before all others: its containers are on it.
    """
    engine = own_daemon.running_engine(state_dir)
    if engine is None and not own:
        engine = first_answering(candidates(os.environ), report)
    if engine is not None:
        return engine
    if (obstacle := obstacle_to_own(is_root=os.geteuid() == 0)) is not None:
        raise EngineError(f"no container engine answers: install and start Docker or Podman ({obstacle})")
    return own_daemon.start_engine(state_dir, report, network=network)


def first_answering(places: Iterable[Candidate], report: Report) -> Engine | None:
    """Ask each place in turn; report in one line why one is passed over."""
    for place in places:
        try:
            return ask(place.endpoint)
        except NoAnswerError as error:
            report(f"{place.name} ({place.endpoint}): {error}")
    return None


def obstacle_to_own(*, is_root: bool) -> str | None:
    """Say why no daemon of our own can be started here, or None."""
    if not is_root:
        return "one can be started from here only by root"
    if packages.find_program("dockerd") is None and packages.find_program("apt-get") is None:
        return "one can be installed from here only on Debian and its kin"
    return None
