"""The operator that most people would write first works, and fails most of the faults; that is what ours is more for.

The faults are those of `test_faults_1_to_29.py`, by the same functions, on the same kinds of parts.
"""

import docker
from tests.faults.beside import NaiveRun
from tests.faults.conftest import Theatre, naive_stage

from containerjob_local.engine import Engine

AT_LEAST = 10


def test_the_naive_operator_works_where_nothing_goes_wrong(
    naive_theatre: Theatre, engine: Engine, truth: docker.DockerClient
) -> None:
    with naive_stage(naive_theatre, engine, truth) as stage:
        stage.job("exit 0").ends("Succeeded", 0)
        stage.job("exit 4").ends("Failed", 4)
        deleted = stage.running()
        deleted.delete()
        deleted.leaves_nothing()


def test_the_naive_operator_fails_at_least_ten_faults(naive_run: NaiveRun) -> None:
    violations = naive_run.violations()
    told = "\n".join(f"{name}: {violation or 'holds'}" for name, violation in violations.items())
    print(told)
    assert sum(violation is not None for violation in violations.values()) >= AT_LEAST, told
