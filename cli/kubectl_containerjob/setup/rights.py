"""What each command may need of the cluster's RBAC; the reference page, `doctor` and their tests read it."""

from dataclasses import dataclass
from typing import Final

from containerjob_api.names import CONTAINERJOBS, GROUP, HOST_PLURALS

SUBRESOURCES_GROUP: Final = f"subresources.{GROUP}"
TEMPLATES: Final = "containerjobtemplates"


@dataclass(frozen=True, slots=True)
class Right:
    """Verbs on a resource."""

    verbs: tuple[str, ...]
    resource: str
    group: str = GROUP
    when: str = ""
    """When it is needed; empty for always."""

    def __str__(self) -> str:
        """Write it as people ask for it."""
        kind, slash, subresource = self.resource.partition("/")
        what = f"{kind}.{self.group}" if self.group else kind
        return f"{', '.join(self.verbs)} {what}{slash}{subresource}{f' ({self.when})' if self.when else ''}"


def _jobs(*verbs: str, when: str = "") -> Right:
    return Right(verbs, CONTAINERJOBS, when=when)


def _hosts(*verbs: str, when: str = "", question: str = "") -> tuple[Right, ...]:
    """Return the rights over hosts of every kind; of a host of one kind those of that kind are enough."""
    if question:
        return tuple(
            Right(verbs, f"{plural}/{question}", SUBRESOURCES_GROUP, when) for plural in HOST_PLURALS.values()
        )
    return tuple(Right(verbs, plural, when=when) for plural in HOST_PLURALS.values())


def _templates(*verbs: str, when: str = "") -> Right:
    return Right(verbs, TEMPLATES, when=when)


_LOG: Final = Right(("get",), f"{CONTAINERJOBS}/log", SUBRESOURCES_GROUP)
_LEASE: Final = Right(("get",), "leases", "coordination.k8s.io", "in containerjob-system")
_API: Final = Right(("get",), "apiservices", "apiregistration.k8s.io")
_NAMESPACES: Final = Right(("get",), "namespaces", "", "where hosts select namespaces by label")
_CHANGE: Final = (_jobs("get", "patch"), _jobs("list", when="-l or --all"), _jobs("watch", when="--wait"))
_BY_TEMPLATE: Final = _templates("get", when="--from-template")

RBAC: Final[dict[str, tuple[Right, ...]]] = {
    "cancel": _CHANGE,
    "cleanup": (
        _jobs("list", "delete"),
        *_hosts("list", when="--orphans"),
        *_hosts("get", when="--orphans", question="orphans"),
    ),
    "completion": (),
    "create": (_jobs("create"), _BY_TEMPLATE),
    "delete": (_jobs("get", "delete"), _jobs("list", when="-l or --all"), _jobs("watch", when="--wait")),
    "doctor": (_jobs("list"), *_hosts("list"), _LEASE),
    "host add": (*_hosts("create"),),
    "host bootstrap": (),
    "host cordon": (*_hosts("get", "patch"),),
    "host list": (*_hosts("list"), *_hosts("get", when="by name"), *_hosts("watch", when="-w")),
    "host show": (*_hosts("get"), _jobs("list", when="in every namespace, to show the jobs there")),
    "host test": (*_hosts("get", question="probe"), *_hosts("get", when="no log API")),
    "host uncordon": (*_hosts("get", "patch"),),
    "list": (_jobs("list"), _jobs("get", when="by name"), _jobs("watch", when="-w")),
    "local demo": (),
    "local down": (),
    "local env": (),
    "local load": (),
    "local status": (),
    "local up": (),
    "logs": (_LOG, _jobs("get", "list")),
    "resume": _CHANGE,
    "retry": (_jobs("get", "create"), _jobs("list", when="-l or --all")),
    "run": (
        _jobs("create", when="a new job"),
        _jobs("get", "list", "watch"),
        _jobs("patch", when="a suspended job, or --cancel-on-interrupt"),
        _LOG,
        _BY_TEMPLATE,
    ),
    "seed": (
        Right(("get", "list", "create", "patch", "delete"), "configmaps", ""),
        _templates("get", "list", "create", "patch", "delete"),
        _jobs("get", "list", "create", "patch", "delete"),
        *_hosts("list", "create", "patch", "delete", when="without --skip-host"),
    ),
    "show": (_jobs("get"), Right(("list",), "events", ""), Right(_LOG.verbs, _LOG.resource, _LOG.group, "--logs")),
    "status": (_jobs("list"), *_hosts("list"), _LEASE, _API),
    "suspend": _CHANGE,
    "template lint": (_templates("get", when="by name"), _templates("create", when="-f"), _jobs("create")),
    "template list": (_templates("list"), _templates("get", when="by name"), _templates("watch", when="-w")),
    "template render": (_templates("get", when="by name"),),
    "template show": (_templates("get"),),
    "top": (Right(("get",), f"{CONTAINERJOBS}/stats", SUBRESOURCES_GROUP), _jobs("list")),
    "version": (_LEASE,),
    "wait": (_jobs("get", "list", "watch"),),
    "why": (_jobs("get", "list"), *_hosts("list"), _NAMESPACES),
}
"""By the command's words. Dry runs of the server need the same as the real thing."""

ASKED: Final = (
    ("look at jobs", (_jobs("get", "list", "watch"),)),
    ("create jobs", (_jobs("create"),)),
    ("cancel, suspend and resume jobs", (_jobs("patch"),)),
    ("delete jobs", (_jobs("delete"),)),
    ("read logs", (_LOG,)),
    ("use templates", (_templates("get", "list"),)),
    ("look at hosts", (*_hosts("get", "list"),)),
    ("manage hosts", (*_hosts("create", "patch", "delete"),)),
)
"""What `doctor` asks for: what a person wants to do, and the rights that takes."""
