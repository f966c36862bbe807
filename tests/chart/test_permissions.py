"""Least permissions: the operator's are those of files/rbac.yaml, and every hook has its own few."""

from typing import Any

import yaml
from tests.chart.conftest import CHART, NAME, NAMESPACE, Rendered

SYSTEM_READER = "extension-apiserver-authentication-reader"
API = "v1alpha1.subresources.containerjobs.io"
SECRETS = [f"{NAME}-api-tls", f"{NAME}-api-ca"]
HOSTS = ("dockerhosts", "cloudrunhosts")
Granted = set[tuple[str, str, str, str, str]]


def rules(role: dict[str, Any]) -> Granted:
    """Take a role apart: namespace, group, resource, name (* for all), verb."""
    home = role["metadata"].get("namespace", "*")
    return {
        (home, group, resource, name, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", ["*"])
        for verb in rule["verbs"]
    }


def granted(rendered: Rendered, account: str) -> Granted:
    """Return everything that an account may do, by all bindings that name it."""
    found: Granted = set()
    for binding in rendered.manifests:
        if {"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE} not in binding.get("subjects", []):
            continue
        reference, home = binding["roleRef"], binding["metadata"].get("namespace")
        if reference["name"] == SYSTEM_READER:
            found.add((home, "", "configmaps", "extension-apiserver-authentication", "read"))
        else:
            space = home if reference["kind"] == "Role" else None
            found |= rules(rendered.one(reference["kind"], reference["name"], space))
    return found


def plain() -> Rendered:
    return Rendered(list(yaml.safe_load_all((CHART / "files" / "rbac.yaml").read_text())))


def test_the_charts_permissions_are_those_that_the_tests_run_with(default: Rendered) -> None:
    assert granted(default, NAME) == granted(plain(), NAME)
    assert ("*", "containerjobs.io", "containerjobs", "*", "delete") in granted(default, NAME)


def test_people_get_the_same_roles_from_both(default: Rendered) -> None:
    for role in ("view", "edit", "log"):
        ours, theirs = (found.one("ClusterRole", f"containerjobs-{role}") for found in (default, plain()))
        assert rules(ours) == rules(theirs)
        marks = [
            {key: value for key, value in each["metadata"]["labels"].items() if "aggregate-to" in key}
            for each in (ours, theirs)
        ]
        assert marks[0] == marks[1] != {}


def test_the_operator_reads_no_secret_and_no_pod(default: Rendered) -> None:
    assert not {rule for rule in granted(default, NAME) if rule[2] in {"secrets", "pods"}}


def test_the_operator_reads_those_secrets_only_that_cloud_run_hosts_may_name(render: Any) -> None:
    found = granted(render({"cloudRun": {"secrets": ["cloud-run-key"]}}), NAME)
    assert {rule for rule in found if rule[2] == "secrets"} == {(NAMESPACE, "", "secrets", "cloud-run-key", "get")}


def test_with_namespaces_jobs_are_seen_in_those_only(render: Any) -> None:
    rendered = render({"operator": {"namespaces": ["a", "b"]}})
    found = granted(rendered, NAME)
    jobs = {(home, verb) for home, group, resource, _, verb in found if resource == "containerjobs"}
    assert {home for home, _ in jobs} == {"a", "b"}
    assert {verb for home, verb in jobs if home == "a"} == {"get", "list", "watch", "delete"}
    assert {resource for home, _, resource, _, _ in found if home == "*"} == {
        "dockerhosts",
        "dockerhosts/status",
        "cloudrunhosts",
        "cloudrunhosts/status",
        "namespaces",
        "customresourcedefinitions",
    }


def test_with_namespaces_the_events_of_hosts_have_their_place(render: Any) -> None:
    rendered = render({"operator": {"namespaces": ["a"]}})
    places = {home for home, _, resource, _, _ in granted(rendered, NAME) if resource == "events"}
    assert places == {"a", "default"}


def test_a_namespace_that_is_named_twice_has_one_role(render: Any) -> None:
    rendered = render({"operator": {"namespaces": ["default", "default"]}})
    assert rendered.names("Role").count(f"{NAME}-jobs") == 1
    assert f"{NAME}-hosts" not in rendered.names("Role")


def test_the_certificates_hook_may_make_and_write_two_secrets_and_one_apiservice(default: Rendered) -> None:
    named = {(NAMESPACE, "", "secrets", name, verb) for name in SECRETS for verb in ("get", "patch")}
    service = {("*", "apiregistration.k8s.io", "apiservices", API, verb) for verb in ("get", "patch")}
    create = {(NAMESPACE, "", "secrets", "*", "create")}
    assert granted(default, f"{NAME}-certificate") == named | service | create


def test_the_renewal_may_make_no_secret(default: Rendered) -> None:
    assert granted(default, f"{NAME}-renewal") == {
        rule for rule in granted(default, f"{NAME}-certificate") if rule[4] != "create"
    }


def test_the_uninstall_hook_may_stop_this_operator_and_read_no_secret(default: Rendered) -> None:
    assert granted(default, f"{NAME}-before-uninstall") == {
        (NAMESPACE, "apps", "deployments/scale", NAME, "get"),
        (NAMESPACE, "apps", "deployments/scale", NAME, "patch"),
        (NAMESPACE, "coordination.k8s.io", "leases", NAME, "get"),
        (NAMESPACE, "coordination.k8s.io", "leases", NAME, "delete"),
        *((NAMESPACE, "", "secrets", name, "delete") for name in SECRETS),
        (NAMESPACE, "", "pods", f"{NAME}-test", "delete"),
        ("*", "apiregistration.k8s.io", "apiservices", API, "delete"),
        *(("*", "containerjobs.io", kind, "*", verb) for kind in HOSTS for verb in ("list", "patch")),
    }


def test_the_test_may_make_a_job_and_look_at_its_own(render: Any) -> None:
    rendered = render({"test": {"namespace": "elsewhere"}})
    jobs = ("elsewhere", "containerjobs.io", "containerjobs")
    own = {(*jobs, f"{NAME}-test", verb) for verb in ("get", "delete")}
    assert granted(rendered, f"{NAME}-test") == {(*jobs, "*", "create"), *own}


def test_without_the_log_api_nobody_needs_what_belongs_to_it(render: Any) -> None:
    rendered = render({"logApi": {"enabled": False}})
    assert not [rule for rule in granted(rendered, NAME) if rule[0] == "kube-system"]
    assert not {"APIService", "CronJob"} & rendered.kinds()
    assert rendered.names("Job") == [f"{NAME}-before-uninstall"]
    assert rendered.names("Service") == [f"{NAME}-metrics"]
    deployment = rendered.one("Deployment")["spec"]["template"]["spec"]
    assert [volume["name"] for volume in deployment["volumes"]] == ["tmp"]
    assert not [each for each in deployment["containers"][0]["args"] if each.startswith("--api")]


def test_permissions_can_be_somebody_elses_work(render: Any) -> None:
    rendered = render({"rbac": {"create": False}, "serviceAccount": {"create": False, "name": "given"}})
    assert NAME not in rendered.names("ClusterRole") + rendered.names("ServiceAccount")
    assert rendered.pods()[f"Deployment/{NAME}"]["serviceAccountName"] == "given"
    assert f"{NAME}-certificate" in rendered.names("ServiceAccount")


def test_a_second_release_may_leave_peoples_roles_to_the_first(render: Any) -> None:
    assert not [
        name for name in render({"rbac": {"aggregate": False}}).names("ClusterRole") if "containerjobs" in name
    ]


def test_tokens_are_given_to_the_pods_that_use_them_only(default: Rendered) -> None:
    for account in [each for each in default.manifests if each["kind"] == "ServiceAccount"]:
        assert account["automountServiceAccountToken"] is False
    for pod in default.pods().values():
        assert pod["automountServiceAccountToken"] is True
