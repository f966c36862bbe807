"""The Grafana dashboard, made from the table of panels."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tools.chart.panels import PARTS, Panel, Part

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_COLUMNS: Final = 24
_HEIGHTS: Final = {"stat": 4, "timeseries": 8}


def dashboard_json() -> str:
    """Return the dashboard as Grafana reads it."""
    board = {
        "uid": "containerjobs",
        "title": "ContainerJobs",
        "tags": ["containerjobs"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), _namespaces()]},
        "panels": list(_panels(PARTS)),
    }
    return json.dumps(board, indent=2) + "\n"


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}


def _namespaces() -> dict[str, Any]:
    return {
        "name": "namespace",
        "label": "Operator's namespace",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(containerjob_build_info, namespace)",
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }


def _panels(parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for part in parts:
        number += 1
        place = {"x": 0, "y": top, "w": _COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": part.title, "collapsed": False, "gridPos": place, "panels": []}
        top, left, height = top + 1, 0, 0
        for panel in part.panels:
            if left + panel.width > _COLUMNS:
                top, left = top + height, 0
            number, height = number + 1, _HEIGHTS[panel.kind]
            yield _panel(panel, number, {"x": left, "y": top, "w": panel.width, "h": height})
            left += panel.width
        top += height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.stacked:
        defaults["custom"] = {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 20}
    targets = [
        {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query.expr, "legendFormat": query.legend}
        for place, query in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.tells,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": targets,
    }
