"""`kubectl wait` asked about every condition that people wait for, without waiting."""

from concurrent.futures import ThreadPoolExecutor

from tests.conftest import TestPlane
from tests.unit.gitops.verdict_table import WAITED_FOR


def returned(plane: TestPlane, *target: str) -> frozenset[str]:
    """Return the conditions for which kubectl says at once that they are met."""

    def met(condition: str) -> bool:
        words = ("wait", f"--for=condition={condition}", "--timeout=0s", *target)
        done = plane.kubectl(*words, check=False)
        assert done.returncode == 0 or "condition not met for" in done.stderr, done.stderr
        return done.returncode == 0

    with ThreadPoolExecutor(len(WAITED_FOR)) as beside:
        answers = beside.map(met, WAITED_FOR)
        return frozenset(condition for condition, met in zip(WAITED_FOR, answers, strict=True) if met)
