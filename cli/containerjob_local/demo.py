"""One ContainerJob from apply to its output, for people who see it for the first time."""

from collections.abc import Callable
from typing import Any

from containerjob_local import bundled
from containerjob_local.engine import DEMO_IMAGE, ensure_image
from containerjob_local.environment import Environment, Options, up
from containerjob_local.errors import KubectlError

EXAMPLE = "01-hello.yaml"
FINISH_SECONDS = 120

Report = Callable[[str], None]


def demo(options: Options, report: Report) -> bool:
    """Run the first example on this machine; tell whether it succeeded."""
    environment = up(options, report)
    if environment.engine is not None:
        ensure_image(environment.engine.endpoint, DEMO_IMAGE, report)
    job = run_example(environment, report)
    succeeded = show_result(environment, job, report)
    report("")
    report('Go on:   eval "$(make -s env)"   then   kubectl get cjob')
    report("Stop:    make down")
    return succeeded


def run_example(environment: Environment, report: Report) -> dict[str, Any]:
    """Apply the example afresh and return the job when it has finished, or what it is by the deadline."""
    kubectl, manifest = environment.plane.kubectl, str(bundled.example(EXAMPLE))
    kubectl.run("delete", "--ignore-not-found", "-f", manifest)  # a finished job is a record: it cannot run again
    report("")
    report(f"$ kubectl apply -f examples/{EXAMPLE}")
    report(kubectl.run("apply", "-f", manifest).strip())
    try:
        kubectl.run("wait", "--for=condition=Finished", f"--timeout={FINISH_SECONDS}s", "-f", manifest)
    except KubectlError as error:
        report(f"! {error}")
    return kubectl.json("get", "-f", manifest)


def show_result(environment: Environment, job: dict[str, Any], report: Report) -> bool:
    """Print the job as kubectl shows it, its output and its outcome; tell whether it succeeded."""
    name, status = job["metadata"]["name"], job.get("status", {})
    report("$ kubectl get cjob")
    report(environment.plane.kubectl.run("get", "cjob", "-n", job["metadata"]["namespace"]).rstrip())
    attempts = status.get("attempts") or [{}]
    report("")
    report("its output:")
    for line in attempts[-1].get("logTail", {}).get("stdout", "").splitlines():
        report(f"  {line}")
    phase = status.get("phase", "unknown")
    report("")
    report(f"{'✔' if phase == 'Succeeded' else '✘'} containerjob/{name}: {phase}{_reason(attempts[-1])}")
    return bool(phase == "Succeeded")


def _reason(attempt: dict[str, Any]) -> str:
    parts = [str(attempt[key]) for key in ("reason", "message") if attempt.get(key)]
    return f" ({': '.join(parts)})" if parts else ""
