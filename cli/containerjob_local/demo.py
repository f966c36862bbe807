"""One ContainerJob from apply to its output, for people who see it for the first time."""

import os
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from containerjob_local import bundled
from containerjob_local.engine import DEMO_IMAGE, ensure_image
from containerjob_local.environment import Environment, Options, up
from containerjob_local.errors import KubectlError

EXAMPLE = "01-hello.yaml"
CLOUD_EXAMPLE = "11-cloud-run-job.yaml"
FINISH_SECONDS = 120

Report = Callable[[str], None]


def demo(options: Options, report: Report) -> bool:
    """Run the first example on this machine; tell whether it succeeded."""
    environment = up(options, report)
    if environment.engine is not None:
        ensure_image(environment.engine.endpoint, DEMO_IMAGE, report)
    if options.cloud_run:
        succeeded = show_on_cloud_run(environment, report)
    else:
        succeeded = show_result(environment, run_example(environment, report), report)
    report("")
    report('Go on:   eval "$(make -s env)"   then   kubectl get cjob')
    report("Stop:    make down")
    return succeeded


def show_on_cloud_run(environment: Environment, report: Report) -> bool:
    """Run the example on Cloud Run, with its output as it is written, then its record; tell whether it succeeded."""
    kubectl, manifest = environment.plane.kubectl, str(bundled.example(CLOUD_EXAMPLE))
    apply_afresh(environment, CLOUD_EXAMPLE, report)
    name = kubectl.json("get", "-f", manifest)["metadata"]["name"]
    run_plugin(environment, ["logs", name, "--follow"], report)
    job = finished(environment, CLOUD_EXAMPLE, report)
    run_plugin(environment, ["show", name], report)
    report("")
    return tell_outcome(job, report)


def run_plugin(environment: Environment, words: list[str], report: Report) -> None:
    """Run a command of the plugin and report each line when it comes, for as long as a job may take."""
    report("")
    report(f"$ kubectl containerjob {' '.join(words)}")
    programs = environment.state.programs
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    variables = {**environment.plane.kubectl.environment(), "PATH": path}
    command = [str(programs / "kubectl-containerjob"), *words]
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as plugin:
        deadline = threading.Timer(FINISH_SECONDS, plugin.terminate)
        deadline.start()
        try:
            for line in plugin.stdout or ():
                report(f"  {line.rstrip()}".rstrip())
        finally:
            deadline.cancel()


def run_example(environment: Environment, report: Report) -> dict[str, Any]:
    """Apply the example afresh and return the job when it has finished, or what it is by the deadline."""
    apply_afresh(environment, EXAMPLE, report)
    return finished(environment, EXAMPLE, report)


def apply_afresh(environment: Environment, example: str, report: Report) -> None:
    """Apply an example, also where it ran before."""
    kubectl, manifest = environment.plane.kubectl, str(bundled.example(example))
    kubectl.run("delete", "--ignore-not-found", "-f", manifest)  # a finished job is a record: it cannot run again
    report("")
    report(f"$ kubectl apply -f examples/{example}")
    report(kubectl.run("apply", "-f", manifest).strip())


def finished(environment: Environment, example: str, report: Report) -> dict[str, Any]:
    """Return an example's job when it has finished, or what it is by the deadline."""
    kubectl, manifest = environment.plane.kubectl, str(bundled.example(example))
    try:
        kubectl.run("wait", "--for=condition=Finished", f"--timeout={FINISH_SECONDS}s", "-f", manifest)
    except KubectlError as error:
        report(f"! {error}")
    return kubectl.json("get", "-f", manifest)


def show_result(environment: Environment, job: dict[str, Any], report: Report) -> bool:
    """Print the job as kubectl shows it, its output and its outcome; tell whether it succeeded."""
    status = job.get("status", {})
    report("$ kubectl get cjob")
    report(environment.plane.kubectl.run("get", "cjob", "-n", job["metadata"]["namespace"]).rstrip())
    attempts = status.get("attempts") or [{}]
    report("")
    report("its output:")
    for line in attempts[-1].get("logTail", {}).get("stdout", "").splitlines():
        report(f"  {line}")
    report("")
    return tell_outcome(job, report)


def tell_outcome(job: dict[str, Any], report: Report) -> bool:
    """Say how a job ended, and why; tell whether it succeeded."""
    name, status = job["metadata"]["name"], job.get("status", {})
    phase, attempts = status.get("phase", "unknown"), status.get("attempts") or [{}]
    report(f"{'✔' if phase == 'Succeeded' else '✘'} containerjob/{name}: {phase}{_reason(attempts[-1])}")
    return bool(phase == "Succeeded")


def _reason(attempt: dict[str, Any]) -> str:
    parts = [str(attempt[key]) for key in ("reason", "message") if attempt.get(key)]
    return f" ({': '.join(parts)})" if parts else ""
