"""Places for parameters in texts: `$(params.NAME)`; `$$(params.NAME)` is the text itself, as Kubernetes escapes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PLACE: Final = re.compile(r"(\$?)\$\(params\.([^)\s]*)(\)?)")


def places(node: Any, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Yield where each place is, the name in it, and whether it is closed; escaped ones are none."""
    for where, text in texts(node, path):
        for found in _PLACE.finditer(text):
            if not found[1]:
                yield where, found[2], bool(found[3])


def filled(node: Any, values: Mapping[str, str]) -> Any:
    """Return the node with values in its places, in one pass: a value's own text is never looked at."""
    if isinstance(node, str):
        return _PLACE.sub(lambda found: found[0][1:] if found[1] else values[found[2]], node)
    if isinstance(node, dict):
        return {key: filled(part, values) for key, part in node.items()}
    return [filled(part, values) for part in node] if isinstance(node, list) else node


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text below a node with its path; keys are no texts."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, part in node.items():
            yield from texts(part, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from texts(part, f"{path}[{index}]")
