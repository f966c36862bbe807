"""RunJobRequest.Overrides: what one execution has otherwise than its Job."""

from google.cloud.run_v2.types import EnvVar, Job, RunJobRequest

from .refusals import invalid

Overrides = RunJobRequest.Overrides


def overridden(job: Job, overrides: Overrides) -> Job:
    """Give the Job as one execution is to have it; the Job itself stays."""
    changed = Job()
    Job.pb(changed).CopyFrom(Job.pb(job))
    if overrides.task_count:
        changed.template.task_count = overrides.task_count
        changed.template.parallelism = min(changed.template.parallelism, overrides.task_count)
    if "timeout" in overrides:
        changed.template.template.timeout = overrides.timeout
    for override in overrides.container_overrides:
        _apply(changed, override)
    return changed


def _apply(job: Job, override: Overrides.ContainerOverride) -> None:
    """Replace a container's arguments, or clear them, and merge its variables: RunJobRequest.Overrides.

    An override without a name is of the only container.
    """
    containers = job.template.template.containers
    container = next((one for one in containers if override.name in ("", one.name)), None)
    if container is None:
        raise invalid("overrides.container_overrides.name", f"No container is named '{override.name}'.")
    if override.args and override.clear_args:
        raise invalid("overrides.container_overrides.args", "args and clear_args cannot both be set.")
    if override.args or override.clear_args:
        container.args = list(override.args)
    merged: dict[str, EnvVar] = {one.name: one for one in container.env}
    merged |= {one.name: one for one in override.env}
    container.env = list(merged.values())
