"""What `doctor` checks: each answer of the cluster becomes one line, with a remedy where something is wrong. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from containerjob_api.names import CLOUDRUNHOSTS, HOST_PLURALS
from kubectl_containerjob.kubectl import APISERVICE, Body
from kubectl_containerjob.records import Host
from kubectl_containerjob.screens.census import ALIVE, Operator
from kubectl_containerjob.screens.plain_text import harmless
from kubectl_containerjob.setup.remedies import remedy
from kubectl_containerjob.setup.rights import ASKED, Right

GOOD: Final = "good"
DOUBTFUL: Final = "doubtful"
BAD: Final = "bad"
ICONS: Final = {GOOD: "✔", DOUBTFUL: "!", BAD: "✘"}
COLOURS: Final = {GOOD: "green", DOUBTFUL: "yellow", BAD: "red"}
SELECTABLE: Final = ("status.finished", "status.expireTime", "status.phase")
KINDS: Final = ("containerjobs", "containerjobtemplates", *HOST_PLURALS.values())
OLDEST_KUBECTL: Final = 26
"""Minor version of the first kubectl that completes a plugin's arguments."""
APPLY: Final = "apply crds/ of the plugin's version, or upgrade the operator's chart"


@dataclass(frozen=True, slots=True)
class Check:
    """One line."""

    name: str
    state: str
    detail: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what -o json prints."""
        return asdict(self)


def kubectl_version(client: str, server: str | None) -> Check:
    """Judge kubectl's version by its own rule: one minor version more or less than the API server's."""
    minor = _minor(client)
    if minor < OLDEST_KUBECTL:
        return Check("kubectl", DOUBTFUL, f"{client} completes no plugin's arguments", "use kubectl 1.26 or newer")
    if server is not None and abs(minor - _minor(server)) > 1:
        return Check(
            "kubectl",
            DOUBTFUL,
            f"{client} is more than one minor version away from the API server's {server}",
            f"use kubectl 1.{_minor(server)}",
        )
    return Check("kubectl", GOOD, client)


def kinds(resources: Body | None) -> Check:
    """Judge what the API group serves; None where there is no such group."""
    served = {each["name"] for each in (resources or {}).get("resources", ())}
    missing = [kind for kind in KINDS if kind not in served]
    if resources is None or len(missing) == len(KINDS):
        return Check(
            "kinds", BAD, "this cluster does not know ContainerJobs", "install the operator's chart, or `local up`"
        )
    if missing:
        state = DOUBTFUL if missing == [CLOUDRUNHOSTS] else BAD  # all else works in a cluster before its upgrade
        return Check("kinds", state, f"{', '.join(missing)} missing", APPLY)
    return Check("kinds", GOOD, f"{', '.join(KINDS)} are served")


def fields(refusal: str | None) -> Check:
    """Judge the answer to a list that selects by every field; None where it was given."""
    if refusal is None:
        return Check("fields", GOOD, f"{', '.join(SELECTABLE)} can be selected")
    lacking = [field for field in SELECTABLE if field in refusal]
    if lacking:
        return Check("fields", BAD, f"the CRDs are too old: {', '.join(lacking)} can't be selected", APPLY)
    return Check("fields", DOUBTFUL, f"not known: {refusal}", "")


def operator(found: Operator | None) -> Check:
    """Judge the Lease; None where it can't be read."""
    if found is None:
        return Check("operator", DOUBTFUL, "its Lease can't be read", "ask for get leases in containerjob-system")
    if found.state == ALIVE:
        return Check("operator", GOOD, f"{harmless(found.holder)} is alive")
    where = "see its pods: `kubectl get pods -n containerjob-system`, or `kubectl containerjob local status`"
    if found.renewed is None:
        return Check("operator", BAD, "no operator holds the Lease", where)
    seconds = int(found.renewed.total_seconds())
    return Check("operator", BAD, f"{harmless(found.holder)} renewed its Lease {seconds} s ago", where)


def log_api(state: str | None) -> Check:
    """Judge the log API: available, absent, or why it is not available; None where nobody would say."""
    if state is None:
        return Check("log API", DOUBTFUL, "not known: you may not ask for it", "ask for get apiservices")
    if state == "available":
        return Check("log API", GOOD, "available")
    if state == "absent":
        text = "absent: `logs` shows only the tail kept in a job's status"
        return Check("log API", DOUBTFUL, text, "enable it in the operator's chart")
    return Check("log API", BAD, harmless(state), f"see `kubectl get apiservice {APISERVICE}`")


def hosts(found: Sequence[Host] | None) -> Iterator[Check]:
    """Judge every host; None where this user may not list them."""
    if found is None:
        yield Check("hosts", DOUBTFUL, "you may not list them", "ask for get, list dockerhosts.containerjobs.io")
        return
    if not found:
        yield Check("hosts", BAD, "there are none: no job can run", "add one: `kubectl containerjob host add`")
    for host in found:
        name = f"host {host.name}"
        if host.ready == "True":
            yield Check(name, GOOD, f"ready, {host.held} of {host.slots} slots in use")
            continue
        todo = remedy(host.reason, host.name, host.spec.get("endpoint"))
        state = DOUBTFUL if host.unschedulable else BAD
        yield Check(name, state, f"not ready: {host.message or host.reason or 'not asked yet'}", todo)


def reviews(namespace: str) -> list[Body]:
    """Return a SelfSubjectAccessReview for every right that is asked for."""
    return [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": _attributes(right, verb, namespace)},
        }
        for _, rights in ASKED
        for right in rights
        for verb in right.verbs
    ]


def permissions(answers: Sequence[Body]) -> Iterator[Check]:
    """Judge the reviews, in the order of their questions; who may not look at jobs can use nothing."""
    allowed = iter(bool(answer.get("status", {}).get("allowed")) for answer in answers)
    for what, rights in ASKED:
        missing = [
            Right((verb,), right.resource, right.group)
            for right in rights
            for verb in right.verbs
            if not next(allowed)
        ]
        if not missing:
            yield Check("permission", GOOD, f"you may {what}")
            continue
        state = BAD if what == ASKED[0][0] else DOUBTFUL
        yield Check("permission", state, f"you may not {what}", f"ask for: {'; '.join(map(str, missing))}")


def versions(plugin: str, operator_version: str) -> Check:
    """Compare the plugin with the operator; major and minor shall agree."""
    if "<unknown>" in {plugin, operator_version}:
        return Check("versions", DOUBTFUL, f"plugin {plugin}, operator {operator_version}")
    same = plugin.split(".")[:2] == operator_version.split(".")[:2]
    detail = f"plugin {plugin}, operator {operator_version}"
    return (
        Check("versions", GOOD, detail)
        if same
        else Check("versions", DOUBTFUL, detail, "use the same version of both")
    )


def _attributes(right: Right, verb: str, namespace: str) -> Body:
    resource, _, subresource = right.resource.partition("/")
    scope = {} if resource in HOST_PLURALS.values() else {"namespace": namespace}
    return {"group": right.group, "resource": resource, "subresource": subresource, "verb": verb, **scope}


def _minor(version: str) -> int:
    parts = version.removeprefix("v").split(".")
    digits = "".join(char for char in (parts[1] if len(parts) > 1 else "") if char.isdigit())
    return int(digits or 0)
