"""What Cloud Run fills into a Job and refuses in it; each rule names the reference it is from."""

import datetime
import re
from collections.abc import Mapping

from google.api.launch_stage_pb2 import LaunchStage
from google.cloud.run_v2.types import ExecutionEnvironment, Job, TaskTemplate

from .limits import GPU, check_env, check_resources, fill_resources
from .options import Options
from .refusals import invalid

GEN2 = ExecutionEnvironment(ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2)
JOB_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Lowercase letters, digits and hyphens, beginning with a letter, not ending with a hyphen, fewer than 64 characters:
https://cloud.google.com/run/docs/create-jobs."""
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
"""https://cloud.google.com/run/docs/configuring/labels; international letters are left out."""
MOST_LABELS = 64
RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
"""Job.labels, Job.annotations: namespaces that are rejected."""
ANNOTATIONS_BYTES = 256 * 1024
"""Job.annotations follows Kubernetes' limits."""
NAME_AND_TOKEN = 63
"""Job.start_execution_token: the sum of job name and token length must be fewer than 63 characters."""
DEFAULT_RETRIES = 3
"""TaskTemplate.max_retries: defaults to 3."""
MOST_RETRIES = 10
MOST_TASKS = 10_000
LONGEST_TIMEOUT = datetime.timedelta(hours=168)
LONGEST_GPU_TIMEOUT = datetime.timedelta(hours=1)
"""These four: https://cloud.google.com/run/quotas, https://cloud.google.com/run/docs/configuring/task-timeout."""
DEFAULT_TIMEOUT = datetime.timedelta(seconds=600)
"""TaskTemplate.timeout: defaults to 600 seconds."""


def fill_in(job: Job, options: Options) -> None:
    """Put in what Cloud Run puts in for fields left out; they are part of its answers."""
    job.launch_stage = job.launch_stage or LaunchStage.GA
    job.template.task_count = job.template.task_count or 1
    task = job.template.template
    if "max_retries" not in task:
        task.max_retries = DEFAULT_RETRIES
    task.timeout = task.timeout or DEFAULT_TIMEOUT
    # https://cloud.google.com/run/docs/configuring/jobs/service-identity: the Compute Engine default service account.
    task.service_account = task.service_account or f"{options.project_number}-compute@developer.gserviceaccount.com"
    task.execution_environment = task.execution_environment or GEN2
    for container in task.containers:
        fill_resources(container)


def check_job(job: Job, job_id: str) -> None:
    """Refuse a Job that Cloud Run would not take."""
    if not JOB_ID.fullmatch(job_id):
        raise invalid(
            "job_id",
            "Must begin with a letter, have only lowercase letters, digits and hyphens, not end with a hyphen, "
            "and be shorter than 64 characters.",
        )
    check_token(job, job_id)
    check_labels(job.labels, "job.labels")
    check_labels(job.template.labels, "job.template.labels")
    check_annotations(job.annotations, "job.annotations")
    check_annotations(job.template.annotations, "job.template.annotations")
    check_counts(job)
    check_template(job.template.template)


def check_token(job: Job, job_id: str) -> None:
    """Refuse a token too long for an execution's name, or of other characters than a name has."""
    token = job.start_execution_token or job.run_execution_token
    if not token:
        return
    field = "job.start_execution_token" if job.start_execution_token else "job.run_execution_token"
    if len(job_id) + len(token) >= NAME_AND_TOKEN:
        raise invalid(field, "The sum of job name and token length must be fewer than 63 characters.")
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", token):
        raise invalid(field, "Must have only lowercase letters, digits and hyphens, and not end with a hyphen.")


def check_labels(labels: Mapping[str, str], field: str) -> None:
    """Refuse keys and values that cannot be labels."""
    if len(labels) > MOST_LABELS:
        raise invalid(field, "No more than 64 labels can be on a resource.")
    for key, value in labels.items():
        if any(key.split("/")[0].endswith(name) for name in RESERVED):
            raise invalid(field, f"Labels of the namespace of '{key}' are not supported.")
        if not LABEL_KEY.fullmatch(key):
            raise invalid(field, f"Invalid label key '{key}'.")
        if not LABEL_VALUE.fullmatch(value):
            raise invalid(field, f"Invalid value '{value}' of label '{key}'.")


def check_annotations(annotations: Mapping[str, str], field: str) -> None:
    """Refuse reserved namespaces, keys that are none of Kubernetes, and too much of them."""
    for key in annotations:
        prefix, _, name = key.rpartition("/")
        if any(prefix.endswith(reserved) for reserved in RESERVED):
            raise invalid(field, f"Annotations of the namespace of '{key}' are not supported.")
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", name) or len(prefix) > 253:
            raise invalid(field, f"Invalid annotation key '{key}'.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_BYTES:
        raise invalid(field, "Annotations must not be larger than 256 KiB together.")


def check_counts(job: Job) -> None:
    """Refuse numbers of tasks, of parallel tasks and of retries outside their bounds."""
    template = job.template
    if not 1 <= template.task_count <= MOST_TASKS:
        raise invalid("job.template.task_count", "Must be between 1 and 10000.")
    if not 0 <= template.parallelism <= template.task_count:
        # Execution.parallelism: must be <= task_count.
        raise invalid("job.template.parallelism", "Must not be negative nor greater than task_count.")
    if not 0 <= template.template.max_retries <= MOST_RETRIES:
        raise invalid("job.template.template.max_retries", "Must be between 0 and 10.")


def check_template(task: TaskTemplate) -> None:
    """Refuse a task's timeout, environment or container."""
    where = "job.template.template"
    longest = LONGEST_TIMEOUT
    if not task.containers:
        raise invalid(f"{where}.containers", "Must have one container.")
    for index, container in enumerate(task.containers):
        field = f"{where}.containers[{index}]"
        if not container.image:
            raise invalid(f"{field}.image", "Must be set.")
        check_resources(container, field)
        check_env(container.env, field)
        if GPU in container.resources.limits:
            longest = LONGEST_GPU_TIMEOUT
        mounted = {volume.name for volume in task.volumes}
        for mount in container.volume_mounts:
            if mount.name not in mounted:
                raise invalid(f"{field}.volume_mounts", f"No volume is named '{mount.name}'.")
    if not datetime.timedelta(seconds=1) <= task.timeout <= longest:
        raise invalid(f"{where}.timeout", f"Must be between 1 second and {int(longest.total_seconds())} seconds.")
    if task.execution_environment == ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN1:
        # https://cloud.google.com/run/docs/about-execution-environments: jobs use the second generation, always.
        raise invalid(f"{where}.execution_environment", "Jobs run in the second generation environment only.")
