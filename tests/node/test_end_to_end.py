"""The end-to-end suite again, all but what starts and stops an operator's process: here pods are the operator.

The tests are the very same; the fixtures they ask for are those of this folder.
"""

from tests.e2e.test_examples import *  # noqa: F403 - tests, collected here a second time
from tests.e2e.test_outcomes import *  # noqa: F403
from tests.e2e.test_placement import *  # noqa: F403
from tests.e2e.test_retries import *  # noqa: F403
