"""Uids of all jobs by a server-side Table without objects; lightkube knows no Tables, so this speaks HTTP itself.

Containers are removed on the strength of this list, so anything odd in an answer is an error, never fewer uids.
"""

from typing import Any, Final

import httpx2
import msgspec

from containerjob_api.names import CONTAINERJOBS, GROUP, VERSION
from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.crdcheck import UID_COLUMN
from containerjob_operator.kube.faults import answer_of, from_response

CHUNK: Final = 5000
_WHAT: Final = "listing uids of ContainerJobs"
_GROUP: Final = f"apis/{GROUP}/{VERSION}"
_ACCEPT: Final = "application/json;as=Table;v=v1;g=meta.k8s.io"


class _Column(msgspec.Struct):
    name: str


class _Row(msgspec.Struct):
    cells: list[Any]


class _ListMeta(msgspec.Struct, rename={"next": "continue"}):
    next: str = ""


class _Table(msgspec.Struct, rename="camel"):
    kind: str
    metadata: _ListMeta
    column_definitions: list[_Column]
    rows: list[_Row]


_decoder: Final = msgspec.json.Decoder(_Table)


def read_page(content: bytes) -> tuple[list[str], str]:
    """Return the uids of one page and the token of the next; KubeRefused where a row does not tell its uid."""
    table = _decoder.decode(content)
    names = [column.name for column in table.column_definitions]
    if table.kind != "Table" or UID_COLUMN not in names:
        raise KubeRefused(f"{_WHAT}: the server's table has no column {UID_COLUMN}; apply crds/ of this version")
    at = names.index(UID_COLUMN)
    uids = [row.cells[at] for row in table.rows if len(row.cells) > at]
    if len(uids) != len(table.rows) or not all(isinstance(uid, str) and uid for uid in uids):
        raise KubeRefused(f"{_WHAT}: a row of the server's table has no uid")
    return uids, table.metadata.next


async def all_uids(http: httpx2.AsyncClient, chunk: int = CHUNK, namespace: str = "") -> frozenset[str]:
    """Read the uids of all jobs there are, or in one namespace, as one consistent snapshot (never from a cache)."""
    path = f"{_GROUP}/namespaces/{namespace}/{CONTAINERJOBS}" if namespace else f"{_GROUP}/{CONTAINERJOBS}"
    found: set[str] = set()
    token = ""
    while True:
        uids, token = await answer_of(_WHAT, _page(http, path, chunk, token))
        found.update(uids)
        if not token:
            return frozenset(found)


async def _page(http: httpx2.AsyncClient, path: str, chunk: int, token: str) -> tuple[list[str], str]:
    params = {"limit": str(chunk), "includeObject": "None"} | ({"continue": token} if token else {})
    response = await http.get(path, params=params, headers={"Accept": _ACCEPT})
    if response.is_success:
        return read_page(response.content)
    raise from_response(_WHAT, response, response.text)
