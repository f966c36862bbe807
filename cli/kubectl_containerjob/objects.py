"""Objects as text: one as it is, several as a List in JSON, or as documents in YAML that kubectl writes."""

import json
from collections.abc import Sequence

from kubectl_containerjob.kubectl import Body, Kubectl, as_list


def written(kubectl: Kubectl, bodies: Sequence[Body], form: str) -> str:
    """Write objects in the form json or yaml."""
    if form == "yaml":
        return yaml_of(kubectl, bodies)
    return json.dumps(bodies[0] if len(bodies) == 1 else as_list(bodies), indent=4) + "\n"


def yaml_of(kubectl: Kubectl, bodies: Sequence[Body]) -> str:
    """Have kubectl write YAML, which asks no cluster; it leaves out what divides one object from the next."""
    local = ("patch", "--local", "--type=merge", "--patch={}", "--filename=-", "--output=yaml")
    text = kubectl.run(*local, stdin=json.dumps(as_list(bodies)), namespaced=False)
    documents = text.split("\napiVersion: ")
    return "\n---\napiVersion: ".join(documents)


def without_bookkeeping(body: Body) -> Body:
    """Leave out of an object who owns which of its fields."""
    metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
    return {**body, "metadata": metadata}
