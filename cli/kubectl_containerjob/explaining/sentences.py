"""What each reason means for people, and what to do about it; the words in braces come from the job."""

from typing import Final

from containerjob_api.phases import Reason

CLAUSES: Final[dict[str, tuple[str, str]]] = {
    Reason.NO_HOST: (
        "no DockerHost exists",
        "an administrator registers one: `kubectl containerjob host add`",
    ),
    Reason.HOST_NOT_FOUND: (
        "placement.hostRef names {pinned_full}, which does not exist",
        "create that host (`kubectl containerjob host add`), or create the job again for one that exists "
        "(`kubectl containerjob host list`)",
    ),
    Reason.NAMESPACE_NOT_ALLOWED: (
        "no host it may use admits namespace {namespace}",
        "an administrator opens a host in its spec.allowedNamespaces: `kubectl edit {a_host_typed}`",
    ),
    Reason.HOST_UNSCHEDULABLE: (
        "every host it may use is closed to new jobs",
        "an administrator opens one: `kubectl containerjob host uncordon {a_host}`",
    ),
    Reason.HOST_NOT_READY: (
        "no host it may use is ready",
        "see what is wrong there: `kubectl containerjob host test {a_host}`",
    ),
    Reason.HOST_FULL: (
        "every host it may use is full",
        "it starts when a job there ends; for more at a time raise a host's spec.maxConcurrentJobs",
    ),
    Reason.OPERATOR_FULL: (
        "the operator runs as many jobs already as it may on all hosts together (--max-concurrent)",
        "it starts when a job ends; for more at a time raise the operator's --max-concurrent",
    ),
    Reason.NOT_BEFORE: (
        "it waits until {not_before} as spec.notBefore asks",
        "to start earlier: `kubectl patch cjob {name} -n {namespace} --type=merge "
        '-p \'{{"spec":{{"notBefore":null}}}}\'`',
    ),
    Reason.JOB_SUSPENDED: ("spec.suspend is set", "`{resume}`"),
    Reason.JOB_RESTORED: (
        "it came back from a backup without its record, and may have run already",
        "`kubectl delete cjob {name} -n {namespace}`; or, to run it: "
        "`kubectl label cjob {name} -n {namespace} containerjobs.io/restored- velero.io/restore-name-`",
    ),
    Reason.JOB_RESUMED: ("it was resumed and is about to be placed", "`{doctor}`"),
    Reason.SCHEDULED: ("its container is being made there", "a large image takes its time; see `{show}`"),
    Reason.IMAGE_PULL_BACK_OFF: (
        "the registry could not be asked for image {image}: {message}",
        "see that the host reaches the registry; it is tried again with growing pauses",
    ),
    Reason.LAUNCH_BACK_OFF: (
        "the engine refused to launch it for a passing reason: {message}",
        "see what is wrong there: `kubectl containerjob host test {host}`; it is tried again with growing pauses",
    ),
    Reason.HOST_UNREACHABLE: (
        "host {host} does not answer",
        "see what is wrong there: `kubectl containerjob host test {host}`",
    ),
    Reason.HOST_REACHABLE: ("host {host} answers again", ""),
    Reason.RUNNING: ("its container runs", "`{logs}`"),
    Reason.COMPLETED: ("its container exited with code 0", "`{logs}`"),
    Reason.NON_ZERO_EXIT_CODE: (
        "its container exited with code {code}{signal}",
        "read what it printed with `{logs}`, then `{retry}`",
    ),
    Reason.OOM_KILLED: (
        "its container needed more memory than it may have ({memory}) and was killed",
        "create it again with more resources.limits.memory",
    ),
    Reason.OOM_SUSPECTED: (
        "it exited with code {code} after the kernel had killed a process in it for memory ({memory})",
        "create it again with more resources.limits.memory, or let it start fewer processes",
    ),
    Reason.IMAGE_NOT_FOUND: (
        "the registry says that image {image} does not exist or may not be read: {message}",
        "correct the image's name, or the host's access to that registry, and create the job again",
    ),
    Reason.INVALID_SPEC: (
        "the engine refuses what it asks for: {message}",
        "correct the manifest, and create the job again",
    ),
    Reason.START_ERROR: (
        "its container was made and could not be started: {message}",
        "check command, working directory and image, and create the job again",
    ),
    Reason.CONTAINER_LOST: (
        "its container was removed from host {host} by somebody else before its end was known",
        "find out who removes containers there, then `{retry}`",
    ),
    Reason.CANCELLED_EXTERNALLY: (
        "somebody cancelled its container on host {host}, beside this cluster",
        "find out who cancels containers there, then `{retry}`; `kubectl containerjob cancel` ends a job for good",
    ),
    Reason.NAME_CONFLICT: (
        "a container that is not ours has the name of its attempt on host {host}: {message}",
        "remove that container from the host, then `{retry}`",
    ),
    Reason.HOST_DISRUPTION: (
        "the engine or the machine of host {host} was restarted while it ran",
        "once the host is steady: `{retry}`",
    ),
    Reason.HOST_LOST: (
        "host {host} did not answer for too long; its container may still run there",
        "make sure that it does not run any more (`kubectl containerjob host test {host}`), then `{retry}`",
    ),
    Reason.BACKOFF_LIMIT_EXCEEDED: (
        "it failed {failed}, and backoffLimit allows {limit}",
        "read what it printed with `{logs}`, then `{retry}`",
    ),
    Reason.LAUNCH_RETRIES_EXHAUSTED: (
        "launches failed, or containers or hosts were lost, {launch_failures}: "
        "more than retryPolicy.launchRetryLimit allows",
        "see what is wrong there: `kubectl containerjob host test {host}`; then `{retry}`",
    ),
    Reason.POD_FAILURE_POLICY: (
        "{message}",
        "read what it printed with `{logs}`, then `{retry}`",
    ),
    Reason.STARTING_DEADLINE_EXCEEDED: (
        "no container of it had started within {starting} s of its creation, of notBefore or of its resumption "
        "(startingDeadlineSeconds)",
        "see that hosts have room (`kubectl containerjob status`), then `{retry}`",
    ),
    Reason.ATTEMPT_DEADLINE_EXCEEDED: (
        "its container ran for longer than {per_attempt} s (attemptDeadlineSeconds)",
        "create it again with a longer attemptDeadlineSeconds, or see in `{logs}` what takes so long",
    ),
    Reason.CANCELLED: ("it was cancelled (spec.cancel)", "to run it again: `{retry}`"),
    Reason.DEADLINE_EXCEEDED: (
        "it was active for longer than {active} s (activeDeadlineSeconds)",
        "create it again with a longer activeDeadlineSeconds, or see in `{logs}` what takes so long",
    ),
}
"""A clause that fits behind a colon or `because`, and the remedy."""
