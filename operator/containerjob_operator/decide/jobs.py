"""The one decision about a job: facts in, the next action out. Calling it twice on the same facts is safe."""

from containerjob_operator.decide.actions import Action
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.table import row_for


def decide(facts: Facts) -> Action:
    """Return the next step for this job."""
    return row_for(facts).step(facts)
