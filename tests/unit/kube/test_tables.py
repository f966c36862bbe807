import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.unit.kube.servers import kube_with, status

from containerjob_operator.errors import KubeRefused, KubeUnavailable
from containerjob_operator.kube.tables import all_uids, read_page


def _table(rows: list[list[Any]], **changes: Any) -> dict[str, Any]:
    table = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": [{"name": "Name", "type": "string"}, {"name": "UID", "priority": 1}],
        "rows": [{"cells": cells, "object": None} for cells in rows],
    }
    return table | changes


def test_a_page_gives_its_uids_and_the_next_token() -> None:
    page = _table([["a", "u1"], ["b", "u2"]], metadata={"continue": "next"})
    assert read_page(json.dumps(page).encode()) == (["u1", "u2"], "next")


@pytest.mark.parametrize(
    "page",
    [
        _table([["a"]]),
        _table([["a", None]]),
        _table([["a", ""]]),
        _table([["a", 5]]),
        _table([], columnDefinitions=[{"name": "Name"}]),
        _table([], kind="ContainerJobList"),
    ],
)
def test_a_page_that_may_hide_a_job_is_refused(page: dict[str, Any]) -> None:
    with pytest.raises(KubeRefused, match="listing uids"):
        read_page(json.dumps(page).encode())


async def test_all_pages_are_read_with_one_snapshots_token(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(dict(request.url.params))
        assert "as=Table" in request.headers["Accept"]
        if "continue" not in request.url.params:
            return httpx2.Response(200, json=_table([["a", "u1"]], metadata={"continue": "t"}))
        return httpx2.Response(200, json=_table([["b", "u2"]]))

    async with kube_with(tmp_path, answer) as kube:
        assert await all_uids(kube.api.http, 1) == {"u1", "u2"}
    assert asked == [
        {"limit": "1", "includeObject": "None"},
        {"limit": "1", "includeObject": "None", "continue": "t"},
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (status(410, "the token has expired"), KubeUnavailable),
        (status(403, "forbidden"), KubeRefused),
        (httpx2.Response(200, json={"kind": "ContainerJobList", "items": []}), KubeUnavailable),
    ],
)
async def test_a_broken_listing_is_an_error_and_never_fewer_uids(
    tmp_path: Path, answer: httpx2.Response, kind: type[Exception]
) -> None:
    async with kube_with(tmp_path, lambda _: answer) as kube:
        with pytest.raises(kind):
            await kube.job_uids()
