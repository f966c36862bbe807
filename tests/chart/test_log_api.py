"""The log API's objects: who makes the certificate, in which order, and whose field the authority is."""

import json
import tomllib
from typing import Any

import pytest
import yaml
from tests.chart.conftest import CHART, NAME, NAMESPACE, ROOT, Rendered

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_local.binaries.releases import LOWEST_KUBERNETES_VERSION
from containerjob_operator.hooks import before_uninstall, serving_certificate, try_job

API = "v1alpha1.subresources.containerjobs.io"
PROGRAMS = {"serving_certificate": serving_certificate, "before_uninstall": before_uninstall, "try_job": try_job}


def hooks(rendered: Rendered) -> list[dict[str, Any]]:
    return [each for each in rendered.manifests if "helm.sh/hook" in each["metadata"].get("annotations", {})]


def test_the_api_server_is_sent_to_the_operators_port(default: Rendered) -> None:
    service = default.one("APIService", API)["spec"]["service"]
    assert service == {"name": f"{NAME}-api", "namespace": NAMESPACE, "port": 443}
    (port,) = default.one("Service", f"{NAME}-api")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (443, "api")


@pytest.mark.parametrize("values", [{}, {"certManager": {"enabled": True}}])
def test_the_authority_is_a_field_of_the_hooks_and_not_of_helms(render: Any, values: dict[str, Any]) -> None:
    assert set(render(values).one("APIService", API)["spec"]).isdisjoint({"caBundle", "insecureSkipTLSVerify"})


def test_the_hook_makes_the_secret_that_the_operator_mounts(default: Rendered) -> None:
    told = default.pods()[f"Job/{NAME}-certificate"]["containers"][0]["args"]
    volumes = default.pods()[f"Deployment/{NAME}"]["volumes"]
    (mounted,) = [each["secret"]["secretName"] for each in volumes if "secret" in each]
    assert f"--secret={mounted}" in told
    assert {f"--service={NAME}-api", f"--namespace={NAMESPACE}", f"--api-service={API}"} <= set(told)


def test_hooks_find_their_permissions_made_and_leave_none_behind(default: Rendered) -> None:
    for each in hooks(default):
        marks = each["metadata"]["annotations"]
        runs = each["kind"] in {"Job", "Pod"}
        assert (marks["helm.sh/hook-weight"] == "0") is runs
        assert "before-hook-creation" in marks["helm.sh/hook-delete-policy"]
        assert ("hook-succeeded" in marks["helm.sh/hook-delete-policy"]) is (each["kind"] != "Pod")


def test_the_certificate_is_seen_to_before_and_after_every_change(default: Rendered) -> None:
    when = default.one("Job", f"{NAME}-certificate")["metadata"]["annotations"]["helm.sh/hook"]
    assert set(when.split(",")) == {"pre-install", "post-install", "pre-upgrade", "post-upgrade", "post-rollback"}


def test_the_renewal_does_the_same_as_the_hook(default: Rendered) -> None:
    hook, cron = default.one("Job", f"{NAME}-certificate"), default.one("CronJob", f"{NAME}-renewal")
    mine, theirs = (spec["template"]["spec"] for spec in (hook["spec"], cron["spec"]["jobTemplate"]["spec"]))
    assert mine["containers"] == theirs["containers"]


def test_the_renewal_can_be_left_out(render: Any) -> None:
    rendered = render({"logApi": {"certificate": {"renewal": {"enabled": False}}}})
    assert "CronJob" not in rendered.kinds()
    assert f"{NAME}-renewal" not in rendered.names("ServiceAccount")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_takes_the_options_that_the_chart_gives_it(default: Rendered, program: str) -> None:
    (container,) = [
        each
        for pod in default.pods().values()
        for each in pod["containers"]
        if each.get("command", [])[2:] == [f"containerjob_operator.hooks.{program}"] and "renewal" not in str(pod)
    ]
    PROGRAMS[program].main.make_context(program, list(container["args"]))


def test_cert_manager_takes_the_hooks_place(render: Any) -> None:
    rendered = render({"certManager": {"enabled": True}})
    assert f"{NAME}-certificate" not in rendered.names("Job")
    assert "CronJob" not in rendered.kinds()
    marks = rendered.one("APIService", API)["metadata"]["annotations"]
    assert marks == {"cert-manager.io/inject-ca-from": f"{NAMESPACE}/{NAME}-api"}
    certificate = rendered.one("Certificate", f"{NAME}-api")["spec"]
    assert certificate["secretName"] == f"{NAME}-api-tls"
    assert certificate["dnsNames"] == [f"{NAME}-api.{NAMESPACE}.svc"]
    assert certificate["issuerRef"] == {"name": f"{NAME}-api", "kind": "Issuer"}
    assert rendered.names("Issuer") == [f"{NAME}-api-selfsigned", f"{NAME}-api"]


def test_cert_manager_may_ask_an_issuer_that_is_there(render: Any) -> None:
    issuer = {"name": "ours", "kind": "ClusterIssuer"}
    rendered = render({"certManager": {"enabled": True, "issuerRef": issuer}})
    assert rendered.one("Certificate", f"{NAME}-api")["spec"]["issuerRef"] == issuer
    assert "Issuer" not in rendered.kinds()


def test_the_definitions_are_those_of_the_repository(default: Rendered) -> None:
    for path in (ROOT / "crds").glob("*.yaml"):
        wanted = yaml.safe_load(path.read_text())
        found = default.one("CustomResourceDefinition", wanted["metadata"]["name"])
        assert found["spec"] == wanted["spec"]
        assert found["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_definitions_need_not_be_kept_nor_installed(render: Any) -> None:
    kept = render({"crds": {"keep": False, "annotations": {"a": "b"}}}).one(
        "CustomResourceDefinition", "dockerhosts.containerjobs.io"
    )
    assert kept["metadata"]["annotations"] == {"a": "b"}
    assert "CustomResourceDefinition" not in render({"crds": {"enabled": False}}).kinds()


def test_a_definition_can_be_applied_from_the_client_too(default: Rendered) -> None:
    """kubectl keeps the whole object in an annotation then, and annotations have 256 KiB in all."""
    for each in default.manifests:
        assert len(json.dumps(each)) < 256 * 1024


def test_the_hooks_for_uninstall_and_test_can_be_left_out(render: Any) -> None:
    rendered = render({"hooks": {"uninstall": False}, "test": {"enabled": False}})
    assert {each["metadata"]["labels"]["app.kubernetes.io/component"] for each in hooks(rendered)} == {"certificate"}


def test_the_chart_and_what_it_installs_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == project["version"]
    (image,) = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    assert image["image"].endswith(f":{chart['appVersion']}")


def test_the_chart_asks_for_the_oldest_kubernetes_that_is_tested() -> None:
    minor = ".".join(LOWEST_KUBERNETES_VERSION.removeprefix("v").split(".")[:2])
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"] == f">={minor}.0-0"
    for page in (CHART / "README.md", ROOT / "docs" / "install.md"):
        assert f"{minor} or newer" in page.read_text()


def test_the_examples_for_artifact_hub_are_taken_by_the_models() -> None:
    marks = yaml.safe_load((CHART / "Chart.yaml").read_text())["annotations"]
    models = {"ContainerJob": ContainerJob, "DockerHost": DockerHost}
    for example in yaml.safe_load(marks["artifacthub.io/crdsExamples"]):
        models[example["kind"]].from_body(example)
    told = {each["name"] for each in yaml.safe_load(marks["artifacthub.io/crds"])}
    assert told == {f"{path.stem}.containerjobs.io" for path in (ROOT / "crds").glob("*.yaml")}
