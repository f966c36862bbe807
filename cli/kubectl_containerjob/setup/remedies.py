"""What to do about a host that is not ready, by the reason that its conditions give."""

from typing import Final

from containerjob_api.phases import HostReason
from kubectl_containerjob.problems import Refused

REMEDIES: Final = {
    HostReason.ENGINE_READY: "",
    HostReason.UNREACHABLE: (
        "see on the operator's machine that the engine runs and that the operator may use its socket:"
        " `docker -H {endpoint} version`"
    ),
    HostReason.ENGINE_CHANGED: (
        "was the machine replaced on purpose? Then delete the DockerHost and add it again;"
        " else let spec.endpoint lead to the old engine"
    ),
    HostReason.ENGINE_UNSUPPORTED: "upgrade the engine: Docker 20.10 or Podman 4 at least",
    HostReason.FAKE_HOSTS_NOT_ALLOWED: "start the operator with --allow-fake-hosts, or name an engine's socket",
    HostReason.UNSCHEDULABLE: "to let new jobs in: `kubectl containerjob host uncordon {name}`",
}
UNSEEN: Final = "the operator has not looked at it yet: see `kubectl containerjob doctor`"
NOBODY_ADMITTED: Final = (
    "no namespace may use it; to let them in:"
    ' `kubectl patch dockerhost {name} --type=merge -p \'{{"spec":{{"allowedNamespaces":{{"from":"All"}}}}}}\'`'
)


def remedy(reason: str, *, name: str, endpoint: str) -> str:
    """Return what to do; empty where nothing is to be done, or where the reason is not known here."""
    if not reason:
        return UNSEEN
    known = reason in list(HostReason)
    return REMEDIES[HostReason(reason)].format(name=name, endpoint=endpoint) if known else ""


def missing_host(name: str) -> Refused:
    """Say that there is no such host."""
    return Refused(f"there is no DockerHost {name}: see `kubectl containerjob host list`", "NotFound")
