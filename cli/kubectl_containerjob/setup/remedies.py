"""What to do about a host that is not ready, by the reason that its conditions give."""

from typing import Final

from containerjob_api.names import read_host
from containerjob_api.phases import HostReason

REMEDIES: Final = {
    HostReason.ENGINE_READY: "",
    HostReason.CREDENTIALS_INVALID: (
        "see that Workload Identity gives the operator an identity, or that the Secret in spec.credentials holds a"
        " valid key.json"
    ),
    HostReason.PERMISSION_DENIED: "grant the operator's identity the IAM permission that the message names",
    HostReason.API_DISABLED: "enable it: `gcloud services enable run.googleapis.com logging.googleapis.com`",
    HostReason.PROJECT_NOT_FOUND: "add a host that names the right spec.project, and delete this one",
    HostReason.LOCATION_NOT_FOUND: "add a host that names a region of Cloud Run, and delete this one",
    HostReason.QUOTA_EXHAUSTED: (
        "wait, lower spec.maxConcurrentJobs, or ask Google for a larger quota of the project"
    ),
    HostReason.CLIENT_MISSING: "run the operator's image in its cloudrun variant: cloudRun.enabled=true of the chart",
    HostReason.UNREACHABLE: (
        "see on the operator's machine that the engine runs and that the operator may use its socket:"
        " `docker -H {endpoint} version`"
    ),
    HostReason.ENGINE_CHANGED: (
        "was the machine replaced on purpose? Then delete the DockerHost and add it again;"
        " else let spec.endpoint lead to the old engine"
    ),
    HostReason.ENGINE_UNSUPPORTED: "upgrade the engine: Docker 20.10 or Podman 4 at least",
    HostReason.FAKE_HOSTS_NOT_ALLOWED: "start the operator with --allow-fake-hosts, or name no fake in spec.endpoint",
    HostReason.UNSCHEDULABLE: "to let new jobs in: `kubectl containerjob host uncordon {name}`",
}
NO_GOOGLE: Final = (
    "see that the operator's pods may connect to run.googleapis.com and logging.googleapis.com, port 443"
)
UNSEEN: Final = "the operator has not looked at it yet: see `kubectl containerjob doctor`"
NOBODY_ADMITTED: Final = (
    "no namespace may use it; to let them in:"
    ' `kubectl patch {typed} --type=merge -p \'{{"spec":{{"allowedNamespaces":{{"from":"All"}}}}}}\'`'
)


def remedy(reason: str, host: str, endpoint: str | None) -> str:
    """Return what to do about a host, NAME or cloudrunhost/NAME; empty where nothing is to be done, or known.

    A CloudRunHost has no endpoint but an emulator's.
    """
    if not reason:
        return UNSEEN
    if reason == HostReason.UNREACHABLE and read_host(host)[0] != "DockerHost":
        return NO_GOOGLE
    known = reason in list(HostReason)
    return REMEDIES[HostReason(reason)].format(name=host, endpoint=endpoint or "ENDPOINT") if known else ""


def nobody_admitted(host: str) -> str:
    """Return how to let namespaces use a host that admits none."""
    kind, name = read_host(host)
    return NOBODY_ADMITTED.format(typed=f"{kind.lower()} {name}")
