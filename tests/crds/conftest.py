"""The schema tests' plane: the definitions are applied once, strictly, and must be established before a test runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.crds.jobs import OURS
from tests.crds.rest import HOSTS, JOBS, TEMPLATES, rest

if TYPE_CHECKING:
    from tests.conftest import TestPlane

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def strict_apply(plane: TestPlane) -> tuple[int, str, str]:
    """Exit code, output and warnings of applying every definition; server-side, whoever applied them before."""
    strictly = ("apply", "--validate=strict", "--server-side", "--force-conflicts")
    done = plane.kubectl(*strictly, "-f", str(CRDS), check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def schemas(plane: TestPlane, strict_apply: tuple[int, str, str]) -> Iterator[TestPlane]:
    """The plane, once it serves our kinds; what the tests wrote is gone after each file."""
    assert strict_apply[0] == 0, strict_apply[2]
    plane.kubectl("wait", "--for=condition=Established", "--timeout=100s", "-f", str(CRDS))
    deadline = time.monotonic() + 90
    while plane.kubectl("get", "cjob,dhost,crhost,cjt", check=False).returncode != 0:
        assert time.monotonic() < deadline, "the kinds are established but not served"
        time.sleep(0.1)
    yield plane
    selector = ",".join(f"{key}={value}" for key, value in OURS.items())
    with rest(plane) as api:
        for path in (JOBS, HOSTS, TEMPLATES):
            status, answer = api.send("DELETE", path, {"labelSelector": selector})
            assert status == 200, answer
