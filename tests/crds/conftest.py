"""The schema tests' plane: the definitions are applied once, strictly, and must be established before a test runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kube.throwaway_plane import throwaway_plane

if TYPE_CHECKING:
    from tests.kube.throwaway_plane import ThrowawayPlane

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThrowawayPlane]:
    with throwaway_plane(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="session")
def strict_apply(plane: ThrowawayPlane) -> tuple[int, str, str]:
    """Exit code, output and warnings of applying every definition."""
    done = plane.kubectl("apply", "--validate=strict", "-f", str(CRDS), check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="session")
def schemas(plane: ThrowawayPlane, strict_apply: tuple[int, str, str]) -> ThrowawayPlane:
    """The plane, once it serves our kinds."""
    assert strict_apply[0] == 0, strict_apply[2]
    plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))
    deadline = time.monotonic() + 30
    while plane.kubectl("get", "cjob,dhost", check=False).returncode != 0:
        assert time.monotonic() < deadline, "the kinds are established but not served"
        time.sleep(0.1)
    return plane
