"""Whether the cluster's CRDs are recent enough for this operator. Pure."""

from typing import Final

from containerjob_api.hostrefs import HostKind
from containerjob_api.names import CONTAINERJOBS, GROUP, HOST_PLURALS, VERSION
from containerjob_operator.kube.resources import Body

CONTAINERJOB_CRD: Final = f"{CONTAINERJOBS}.{GROUP}"
HOST_CRDS: Final[dict[HostKind, str]] = {
    "DockerHost": f"{HOST_PLURALS['DockerHost']}.{GROUP}",
    "CloudRunHost": f"{HOST_PLURALS['CloudRunHost']}.{GROUP}",
}
FINISHED: Final = "status.finished"
EXPIRE_TIME: Final = "status.expireTime"
UID_COLUMN: Final = "UID"
_REMEDY: Final = "apply crds/ of this version"


def containerjob_fault(crd: Body | None) -> str | None:
    """Say what the CRD lacks: our watch and our lists select by two fields, the sweep reads the column of uids."""
    version = _served(crd)
    if version is None:
        return _absent(CONTAINERJOB_CRD, crd)
    selectable = {field.get("jsonPath") for field in version.get("selectableFields", ())}
    for field in (FINISHED, EXPIRE_TIME):
        if f".{field}" not in selectable:
            return f"CRD {CONTAINERJOB_CRD} is too old: .{field} is not a selectable field; {_REMEDY}"
    columns = {column["name"]: column["jsonPath"] for column in version.get("additionalPrinterColumns", ())}
    if columns.get(UID_COLUMN) != ".metadata.uid":
        return f"CRD {CONTAINERJOB_CRD} is too old: it has no printer column {UID_COLUMN}; {_REMEDY}"
    return None


def host_fault(kind: HostKind, crd: Body | None) -> str | None:
    """Say what the CRD lacks; its presence in our version is all we need."""
    return None if _served(crd) is not None else _absent(HOST_CRDS[kind], crd)


def _served(crd: Body | None) -> Body | None:
    versions: list[Body] = crd["spec"]["versions"] if crd is not None else []
    return next((each for each in versions if each["name"] == VERSION and each["served"]), None)


def _absent(name: str, crd: Body | None) -> str:
    if crd is None:
        return f"CRD {name} is missing; {_REMEDY}"
    return f"CRD {name} does not serve {VERSION}; {_REMEDY}"
