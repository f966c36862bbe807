"""RunSpec and Place to the Job that Cloud Run is asked to create. Pure."""

from datetime import timedelta
from typing import Final

from google.cloud import run_v2

from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.cloudrun import marks
from containerjob_operator.executors.cloudrun.place import START_TOKEN, Place
from containerjob_operator.executors.cloudrun.sizes import effective

_ENVIRONMENTS: Final = {
    "": run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_UNSPECIFIED,
    "Gen1": run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN1,
    "Gen2": run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2,
}
_EGRESS: Final = {
    "": run_v2.VpcAccess.VpcEgress.VPC_EGRESS_UNSPECIFIED,
    "AllTraffic": run_v2.VpcAccess.VpcEgress.ALL_TRAFFIC,
    "PrivateRangesOnly": run_v2.VpcAccess.VpcEgress.PRIVATE_RANGES_ONLY,
}


def job_of(run: RunSpec, place: Place) -> run_v2.Job:
    """Return the Job of one attempt; creating it runs nothing. LaunchRejected where no task has that size."""
    ours, annotations = marks.to_google(dict(run.labels))
    labels = {**dict(place.labels), **ours}
    template = run_v2.ExecutionTemplate(labels=labels, task_count=1, template=_task(run, place))
    return run_v2.Job(labels=labels, annotations=annotations, template=template)


def started(job: run_v2.Job) -> run_v2.Job:
    """Return the update that has Cloud Run execute the Job, once and never again."""
    return run_v2.Job(
        name=job.name,
        labels=job.labels,
        annotations=job.annotations,
        template=job.template,
        start_execution_token=START_TOKEN,
    )


def _task(run: RunSpec, place: Place) -> run_v2.TaskTemplate:
    return run_v2.TaskTemplate(
        containers=[_container(run, place)],
        # Left out it is 3. Retries are the operator's: each is an attempt of its own.
        max_retries=0,
        timeout=timedelta(seconds=place.task_timeout_seconds),
        service_account=place.service_account,
        execution_environment=_ENVIRONMENTS[place.execution_environment],
        encryption_key=place.encryption_key,
        vpc_access=_vpc_access(place),
    )


def _container(run: RunSpec, place: Place) -> run_v2.Container:
    size = effective(run, place)
    return run_v2.Container(
        image=run.image,
        command=run.command,
        args=run.args,
        env=[run_v2.EnvVar(name=name, value=value) for name, value in run.env],
        working_dir=run.working_dir,
        resources=run_v2.ResourceRequirements(limits={"cpu": size.cpu, "memory": size.memory}),
    )


def _vpc_access(place: Place) -> run_v2.VpcAccess | None:
    direct = bool(place.network or place.subnetwork)
    if not direct and not place.vpc_connector:
        return None
    interface = run_v2.VpcAccess.NetworkInterface(network=place.network, subnetwork=place.subnetwork)
    return run_v2.VpcAccess(
        connector=place.vpc_connector,
        egress=_EGRESS[place.vpc_egress],
        network_interfaces=[interface] if direct else [],
    )
