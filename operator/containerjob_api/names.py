"""Names that others rely on: the API group, label keys, container names. Standard library only."""

from typing import Final

GROUP: Final = "containerjobs.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"

LOG_API_GROUP: Final = f"subresources.{GROUP}"
"""What the operator serves itself, through the API server's aggregation: logs, usage, probes of hosts."""

CONTAINERJOBS: Final = "containerjobs"
DOCKERHOSTS: Final = "dockerhosts"
CLOUDRUNHOSTS: Final = "cloudrunhosts"
CONTAINERJOBTEMPLATES: Final = "containerjobtemplates"

OPERATOR_NAMESPACE: Final = "containerjob-system"
OPERATOR_NAME: Final = "containerjob-operator"

LABEL_CLUSTER_UID: Final = f"{GROUP}/cluster-uid"
"""Uid of the kube-system namespace: two clusters on one engine never touch each other's containers."""
LABEL_JOB_UID: Final = f"{GROUP}/uid"
LABEL_NAMESPACE: Final = f"{GROUP}/namespace"
LABEL_NAME: Final = f"{GROUP}/name"
LABEL_ATTEMPT: Final = f"{GROUP}/attempt"
LABEL_SPEC_HASH: Final = f"{GROUP}/spec-hash"
LABEL_RESTORED: Final = f"{GROUP}/restored"
"""On a ContainerJob: it was restored from a backup; where its record is missing, it is not run."""
LABEL_TEMPLATE: Final = f"{GROUP}/template"
"""On a ContainerJob: name of the ContainerJobTemplate that it was made from."""

HOST_FINALIZER: Final = f"{GROUP}/operator"
"""On hosts only, while the operator's timers look after them; a ContainerJob never has one."""


def container_name(uid: str, attempt: int) -> str:
    """Return the one name an attempt's container may have; the engine's name conflict is our fence."""
    return f"cj-{uid}-{attempt}"


HOST_PLURALS: Final = {"DockerHost": DOCKERHOSTS, "CloudRunHost": CLOUDRUNHOSTS}
"""The kinds of hosts; a name alone means the first one."""
_HOST_WORDS: Final = {
    word: kind
    for kind, short in (("DockerHost", "dhost"), ("CloudRunHost", "crhost"))
    for word in (kind.lower(), HOST_PLURALS[kind], short)
}


def host_text(kind: str, name: str) -> str:
    """Return a host's name as options and logs have it: NAME of a DockerHost, else cloudrunhost/NAME."""
    return name if kind == "DockerHost" else f"{kind.lower()}/{name}"


def read_host(text: str) -> tuple[str, str]:
    """Return kind and name of NAME, dockerhost/NAME or cloudrunhost/NAME; ValueError names what is no kind."""
    word, slash, name = text.rpartition("/")
    if not slash:
        return "DockerHost", name
    if word.lower() not in _HOST_WORDS:
        raise ValueError(f"{word!r} is no kind of host: write NAME, dockerhost/NAME or cloudrunhost/NAME")
    return _HOST_WORDS[word.lower()], name
