"""A rendered template, and the options that win over it."""

from typing import Any

import pytest

from kubectl_containerjob.creating.job_options import JobOptions
from kubectl_containerjob.creating.manifests import manifests
from kubectl_containerjob.problems import Problem


def rendered(**container: Any) -> dict[str, Any]:
    made = {"name": "work", "image": "tool:1", "args": ["a"], "env": [{"name": "A", "value": "1"}], **container}
    return {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "ContainerJob",
        "metadata": {"generateName": "report-", "labels": {"of": "template", "both": "template"}},
        "spec": {"backoffLimit": 3, "template": {"spec": {"restartPolicy": "Never", "containers": [made]}}},
    }


def test_without_options_the_job_is_as_the_template_says_and_its_name_begins_with_the_templates() -> None:
    base = rendered()
    assert manifests(JobOptions(template="report"), base) == [base]


def test_options_win_over_the_template_and_the_rest_stays() -> None:
    options = JobOptions(
        name="x",
        template="report",
        image="tool:2",
        env={"A": "2", "B": "3"},
        labels={"both": "option"},
        memory="1Gi",
        retries=0,
        words=("b", "c"),
    )
    base = rendered(resources={"limits": {"cpu": "1", "memory": "2Gi"}})
    body = manifests(options, base)[0]
    container = body["spec"]["template"]["spec"]["containers"][0]
    assert body["metadata"] == {"name": "x", "labels": {"of": "template", "both": "option"}}
    assert body["spec"]["backoffLimit"] == 0
    assert container == {
        "name": "work",
        "image": "tool:2",
        "args": ["b", "c"],
        "env": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    }
    assert base == rendered(resources={"limits": {"cpu": "1", "memory": "2Gi"}})


def test_a_new_command_drops_the_templates_arguments() -> None:
    body = manifests(JobOptions(template="report", words=("sh",), command=True), rendered(command=["old"]))[0]
    container = body["spec"]["template"]["spec"]["containers"][0]
    assert (container["command"], "args" in container) == (["sh"], False)


def test_a_template_without_an_image_needs_one() -> None:
    base = rendered()
    del base["spec"]["template"]["spec"]["containers"][0]["image"]
    with pytest.raises(Problem, match="there is no image: give one with --image"):
        manifests(JobOptions(template="report"), base)
    assert manifests(JobOptions(template="report", image="x"), base)
