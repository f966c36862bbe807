"""The values: generated files are fresh, and what cannot be is refused by the name of the value."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml
from tests.chart.conftest import CHART, ROOT
from tools.chart.values import Values


def test_the_generated_files_are_fresh() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "tools.chart", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_values_yaml_holds_the_models_defaults() -> None:
    written = Values.model_validate(yaml.safe_load((CHART / "values.yaml").read_text()))
    assert written == Values()


def test_the_schema_is_of_the_draft_that_both_helms_know() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert "$ref" not in json.dumps(schema)


def test_every_value_is_in_the_readme() -> None:
    page = (CHART / "README.md").read_text()
    for name, value in yaml.safe_load((CHART / "values.yaml").read_text()).items():
        for path in [f"{name}.{key}" for key in value] if isinstance(value, dict) else [name]:
            assert f"`{path}" in page or f"| `{name}` | object" in page


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"replica": 3}, "replica"),
        ({"operator": {"maxConcurent": 3}}, "maxConcurent"),
        ({"logApi": {"certificate": {"lifetime": 3}}}, "lifetime"),
        ({"operator": {"maxConcurrent": 0}}, "operator/maxConcurrent"),
        ({"operator": {"resyncInterval": 3601}}, "operator/resyncInterval"),
        ({"operator": {"logLevel": "LOUD"}}, "operator/logLevel"),
        ({"operator": {"namespaces": ["Not A Name"]}}, "operator/namespaces/0"),
        ({"logApi": {"port": 443}}, "logApi/port"),
        ({"image": {"digest": "latest"}}, "image/digest"),
        ({"replicas": "two"}, "replicas"),
        ({"dockerSocket": {"path": "docker.sock"}}, "dockerSocket/path"),
        ({"metrics": {"serviceMonitor": {"interval": "often"}}}, "metrics/serviceMonitor/interval"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(helm: Any, values: dict[str, Any], named: str) -> None:
    said = helm.refusal(values).replace(".", "/")
    assert named in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"extraEnv": [{"name": "POD_NAME", "value": "x"}]}, "extraEnv: POD_NAME is set by the chart: remove it"),
        (
            {"metrics": {"service": {"enabled": False}, "serviceMonitor": {"enabled": True}}},
            "metrics.serviceMonitor needs metrics.service: enable it too",
        ),
    ],
)
def test_values_that_do_not_fit_each_other_are_refused(helm: Any, values: dict[str, Any], said: str) -> None:
    assert said in helm.refusal(values)


def test_a_parent_chart_may_say_what_parents_say(render: Any) -> None:
    assert render({"global": {"anything": 1}, "enabled": True}).one("Deployment")
