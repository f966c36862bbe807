"""What the chart grants to its accounts, and what they were seen to use."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chart.conftest import NAMESPACE, Manifest, Rendered

Permission = tuple[str, str, str]
"""Account, verb, resource with its subresource."""
_PREFIX = f"system:serviceaccount:{NAMESPACE}:"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of one of the chart's accounts."""

    account: str
    verb: str
    resource: str
    code: int

    @property
    def permission(self) -> Permission:
        """Return what it takes."""
        return (self.account, self.verb, self.resource)


def granted(rendered: Rendered) -> set[Permission]:
    """Return what the roles that the chart makes and binds allow, whatever namespace or name they bound it to."""
    bindings = [each for each in rendered.manifests if each["kind"] in {"RoleBinding", "ClusterRoleBinding"}]
    return {
        (subject["name"], verb, resource)
        for binding in bindings
        for rule in _rules(rendered, binding)
        for subject in binding["subjects"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }


def _rules(rendered: Rendered, binding: Manifest) -> list[dict[str, Any]]:
    """Return the rules of a role of the chart; one of the cluster's own has none here."""
    wanted = (binding["roleRef"]["kind"], binding["roleRef"]["name"], binding["metadata"].get("namespace"))
    return [
        rule
        for each in rendered.manifests
        if (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace")) == wanted
        for rule in each["rules"]
    ]


def asked(log: Path) -> Iterator[Asked]:
    """Go through the audit log; discovery, which everybody may do, is not about resources."""
    # It rotates; its earlier part keeps the name with a time in it.
    for path in log.parent.glob(f"{log.stem}*{log.suffix}"):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            about, user = entry.get("objectRef", {}), entry["user"]["username"]
            if user.startswith(_PREFIX) and "resource" in about:
                resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
                code = int(entry.get("responseStatus", {}).get("code", 0))
                yield Asked(user.removeprefix(_PREFIX), entry["verb"], resource, code)
