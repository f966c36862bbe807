"""Runs Argo CD's scripts as Argo CD does: Lua 5.1, the object as `obj`, no library but base, table and os."""

from pathlib import Path
from typing import Any

from lupa import lua51

CUSTOMIZATIONS = Path(__file__).parents[3] / "gitops" / "argo-cd" / "resource_customizations"
TAKEN_AWAY = "getmetatable('').__index = nil; string, io, math, debug, coroutine, python = nil"
"""gopher-lua is opened without these for actions, and for health checks that come from argocd-cm."""
Body = dict[str, Any]


def run(script: str, body: Body) -> Any:
    """Return what the script returns, as Argo CD reads it: by way of JSON, where an empty table is a list."""
    machine = lua51.LuaRuntime(unpack_returned_tuples=True, register_builtins=False)
    machine.execute(TAKEN_AWAY)
    machine.globals()["obj"] = machine.table_from(body, recursive=True)
    return _plain(machine.execute(script))


def health(body: Body) -> Body:
    """Return the health that Argo CD shows of an object."""
    return dict(run((folder_of(body) / "health.lua").read_text(), body))


def actions(body: Body) -> list[Body]:
    """Return the buttons that Argo CD shows for an object, by name."""
    found = run((folder_of(body) / "actions" / "discovery.lua").read_text(), body) or {}
    return [{"name": name, **more} for name, more in sorted(found.items())]


def act(action: str, body: Body) -> list[Body]:
    """Return what an action asks Argo CD to do: each an operation with its resource."""
    answer = run((folder_of(body) / "actions" / action / "action.lua").read_text(), body)
    return answer if isinstance(answer, list) else [{"operation": "patch", "resource": answer}]


def folder_of(body: Body) -> Path:
    """Return where the scripts of an object's kind are."""
    return CUSTOMIZATIONS / body["apiVersion"].partition("/")[0] / body["kind"]


def _plain(value: Any) -> Any:
    if lua51.lua_type(value) != "table":
        return value
    keys = list(value)
    if keys and isinstance(keys[0], str):
        return {key: _plain(value[key]) for key in keys}
    assert keys == list(range(1, len(keys) + 1)), f"{keys} is neither a list nor an object"
    return [_plain(value[key]) for key in keys]
