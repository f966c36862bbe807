"""The log API's own tests again, all but what kills or measures a process: here pods answer, behind a Service."""

import docker
import pytest
from tests.conftest import TestPlane
from tests.e2e.conftest import apply_host
from tests.e2e.test_log_api import (  # noqa: F401 - tests, collected here a second time
    NAMESPACE,
    Logs,
    test_a_namespace_can_be_deleted_beside_the_log_api,
    test_a_removed_container_leaves_its_last_lines,
    test_a_viewer_may_look_but_reads_no_logs_unless_granted,
    test_both_streams_of_a_job_are_read_as_the_engine_has_them,
    test_hosts_and_usage_are_told,
    test_what_cannot_be_answered_is_one_line_of_kubectl,
)
from tests.node.cluster import Cluster

from containerjob_local.engine import Engine


@pytest.fixture(scope="module")
def logs(installed: TestPlane, cluster: Cluster, oracle: docker.DockerClient, engine: Engine) -> Logs:
    """A fake host and a real one; whichever replica is asked has to know both."""
    made = Logs(cluster.folder, cluster.environment, oracle)
    made.kubectl("create", "namespace", NAMESPACE)
    for name, endpoint in (("fake", "fake://fake"), ("real", engine.endpoint)):
        apply_host(installed, name, endpoint, maxConcurrentJobs=16)
    made.kubectl("wait", "--for=condition=Ready", "dhost/fake", "dhost/real", "--timeout=100s")
    return made
