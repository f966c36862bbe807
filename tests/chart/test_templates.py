"""What the chart installs by default, and what each group of values changes."""

from typing import Any

import pytest
from tests.chart.conftest import CHART, KUBERNETES, NAME, NAMESPACE, Rendered

from containerjob_operator.command_line import described
from containerjob_operator.options import Options

RECOMMENDED = {"name", "instance", "version", "component", "part-of", "managed-by"}


def arguments(rendered: Rendered) -> list[str]:
    found: list[str] = rendered.one("Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    return found


def pod(rendered: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = rendered.one("Deployment")["spec"]["template"]["spec"]
    return found


def test_helm_has_nothing_to_complain_of(helm: Any) -> None:
    done = helm.run("lint", "--strict", *KUBERNETES, str(CHART))
    assert done.returncode == 0, done.stdout
    assert "0 chart(s) failed" in done.stdout


def test_both_helms_make_the_same(helm: Any, default: Rendered) -> None:
    mine = sorted(helm.template().manifests, key=str)
    assert mine == sorted(default.manifests, key=str)


def test_every_object_has_the_recommended_labels(default: Rendered) -> None:
    for each in default.manifests:
        labels = each["metadata"]["labels"]
        assert {key.rpartition("/")[2] for key in labels if key.startswith("app.kubernetes.io/")} == RECOMMENDED
        assert labels["helm.sh/chart"].startswith(f"{NAME}-")


def test_every_name_is_there_once(default: Rendered) -> None:
    named = [
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in default.manifests
    ]
    assert len(named) == len(set(named))


def test_every_option_of_the_operator_is_told_by_its_own_name(render: Any) -> None:
    values = {
        "maxConcurrent": 100000,
        "hosts": ["a", "b"],
        "namespaces": ["x", "y"],
        "once": False,
        "dryRun": True,
        "allowFakeHosts": True,
        "resyncInterval": 1.5,
        "logLevel": "DEBUG",
    }
    told = {each.partition("=")[0] for each in arguments(render({"operator": values}))}
    assert {each.option for each in described(Options)} - {"--once"} <= told


def test_values_become_options_as_they_were_written(render: Any) -> None:
    values = {"maxConcurrent": 100000, "hosts": ["a", "b"], "dryRun": True, "resyncInterval": 1.5}
    told = arguments(render({"operator": values, "extraArgs": ["--more"]}))
    expected = ["--max-concurrent=100000", "--host=a", "--host=b", "--dry-run", "--resync-interval=1.5", "--more"]
    assert set(expected) <= set(told)
    assert told[-1] == "--more"


def test_what_is_not_set_is_no_option(default: Rendered) -> None:
    told = {each.partition("=")[0] for each in arguments(default)}
    assert told.isdisjoint({"--max-concurrent", "--host", "--namespace", "--once", "--dry-run"})


def test_two_replicas_keep_apart_and_are_drained_one_by_one(default: Rendered) -> None:
    deployment = default.one("Deployment")
    assert deployment["spec"]["replicas"] == 2
    (spread,) = pod(default)["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == deployment["spec"]["selector"]["matchLabels"]
    assert default.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "PodDisruptionBudget" in default.kinds()


def test_one_replica_needs_no_budget(render: Any) -> None:
    assert "PodDisruptionBudget" not in render({"replicas": 1}).kinds()


@pytest.mark.parametrize(("told", "written"), [(0, 0), ("50%", "50%"), (2, 2)])
def test_a_budget_is_a_number_or_a_share(render: Any, told: int | str, written: int | str) -> None:
    rendered = render({"podDisruptionBudget": {"maxUnavailable": told}})
    assert rendered.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == written


def test_selectors_find_the_operators_pods_and_no_other(default: Rendered) -> None:
    labels = default.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    for name in ("api", "metrics"):
        selector = default.one("Service", f"{NAME}-{name}")["spec"]["selector"]
        assert selector.items() <= labels.items()
        for job in ("certificate", "before-uninstall"):
            others = default.one("Job", f"{NAME}-{job}")["spec"]["template"]["metadata"]["labels"]
            assert not selector.items() <= others.items()


def test_a_pod_gets_time_to_drain(render: Any) -> None:
    assert pod(render({"operator": {"shutdownTimeout": 100.5}}))["terminationGracePeriodSeconds"] == 116
    assert pod(render({"terminationGracePeriodSeconds": 7}))["terminationGracePeriodSeconds"] == 7


def test_the_nodes_network_moves_ports_and_names(render: Any) -> None:
    rendered = render({"hostNetwork": True, "logApi": {"port": 9443}, "http": {"port": 9080}})
    assert (pod(rendered)["hostNetwork"], pod(rendered)["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    ports = {each["name"]: each["containerPort"] for each in pod(rendered)["containers"][0]["ports"]}
    assert ports == {"http": 9080, "api": 9443}
    assert {"--api-port=9443", "--http-port=9080"} <= set(arguments(rendered))
    assert rendered.one("Deployment")["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}


def image_of(**image: str) -> dict[str, Any]:
    return {"cloudRun": {"enabled": True}, "image": image}


@pytest.mark.parametrize(
    ("values", "written"),
    [
        (image_of(), "containerjob-operator:0.1.0-cloudrun"),
        (image_of(tag="x"), "containerjob-operator:x"),
        (image_of(digest=f"sha256:{'0' * 64}"), f"containerjob-operator@sha256:{'0' * 64}"),
    ],
)
def test_for_cloud_run_the_image_has_googles_client_unless_another_one_is_named(
    render: Any, values: dict[str, Any], written: str
) -> None:
    assert {each["containers"][0]["image"] for each in render(values).pods().values()} == {written}


@pytest.mark.parametrize(
    ("image", "written"),
    [
        ({}, "containerjob-operator:0.1.0"),
        ({"registry": "r.example.com/", "tag": "x"}, "r.example.com/containerjob-operator:x"),
        ({"repository": "a/b", "digest": f"sha256:{'0' * 64}"}, f"a/b@sha256:{'0' * 64}"),
    ],
)
def test_one_image_is_everywhere(render: Any, image: dict[str, str], written: str) -> None:
    pods = render({"image": image}).pods()
    assert {each["containers"][0]["image"] for each in pods.values()} == {written}
    assert len(pods) == 5


def test_the_socket_of_a_node_is_mounted_where_it_is(render: Any) -> None:
    rendered = render({"dockerSocket": {"enabled": True, "group": 999}, "nodeSelector": {"docker": "yes"}})
    volume = {"name": "docker-socket", "hostPath": {"path": "/var/run/docker.sock", "type": "Socket"}}
    assert volume in pod(rendered)["volumes"]
    mount = {"name": "docker-socket", "mountPath": "/var/run/docker.sock"}
    assert mount in pod(rendered)["containers"][0]["volumeMounts"]
    assert pod(rendered)["securityContext"]["supplementalGroups"] == [999]
    hook = rendered.pods()[f"Job/{NAME}-certificate"]
    assert "supplementalGroups" not in hook["securityContext"]
    assert [volume["name"] for volume in hook["volumes"]] == ["tmp"]


def test_a_folder_is_mounted_in_place_of_the_socket(render: Any) -> None:
    rendered = render({"dockerSocket": {"enabled": True, "path": "/run/e/e.sock", "folder": "/run/e"}})
    volume = {"name": "docker-socket", "hostPath": {"path": "/run/e", "type": "Directory"}}
    assert volume in pod(rendered)["volumes"]


def test_run_once_is_a_job_in_place_of_the_deployment(render: Any) -> None:
    rendered = render({"operator": {"once": True}})
    assert not {"Deployment", "PodDisruptionBudget"} & rendered.kinds()
    job = rendered.one("Job", f"{NAME}-once-1")
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert "--once" in container["args"]
    assert "livenessProbe" not in container
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "OnFailure"
    uninstall = rendered.pods()[f"Job/{NAME}-before-uninstall"]["containers"][0]["args"]
    assert f"--workload=jobs/{NAME}-once-1" in uninstall


def test_everything_that_charts_usually_let_one_add_is_added(render: Any) -> None:
    extra = {
        "commonLabels": {"team": "a"},
        "podLabels": {"pod": "b", "app.kubernetes.io/name": "not mine"},
        "podAnnotations": {"note": "c"},
        "deploymentAnnotations": {"note": "d"},
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
        "extraEnvFrom": [{"configMapRef": {"name": "e"}}],
        "extraVolumes": [{"name": "f", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "f", "mountPath": "/f"}],
        "extraContainers": [{"name": "g", "image": "g"}],
        "initContainers": [{"name": "h", "image": "h"}],
        "imagePullSecrets": [{"name": "i"}],
        "nodeSelector": {"j": "k"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["l"]}],
        "dnsConfig": {"nameservers": ["10.0.0.2"]},
        "dnsPolicy": "None",
        "runtimeClassName": "m",
        "priorityClass": {"create": True},
        "extraObjects": [{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "{{ .Release.Name }}-n"}}],
    }
    rendered = render(extra)
    template = rendered.one("Deployment")["spec"]["template"]
    assert template["metadata"]["labels"].items() >= {"team": "a", "pod": "b", "app.kubernetes.io/name": NAME}.items()
    assert template["metadata"]["annotations"]["note"] == "c"
    assert rendered.one("Deployment")["metadata"]["annotations"] == {"note": "d"}
    spec, container = template["spec"], template["spec"]["containers"][0]
    assert container["env"][-1] == {"name": "TZ", "value": "UTC"}
    assert container["envFrom"] == [{"configMapRef": {"name": "e"}}]
    assert {"name": "f", "mountPath": "/f"} in container["volumeMounts"]
    assert {"name": "f", "emptyDir": {}} in spec["volumes"]
    assert [each["name"] for each in spec["containers"]] == ["operator", "g"]
    assert spec["initContainers"] == [{"name": "h", "image": "h"}]
    same = ("imagePullSecrets", "nodeSelector", "tolerations", "affinity", "hostAliases", "dnsConfig")
    assert {key: spec[key] for key in same} == {key: extra[key] for key in same}
    assert (spec["dnsPolicy"], spec["runtimeClassName"], spec["priorityClassName"]) == ("None", "m", NAME)
    assert rendered.one("PriorityClass")["value"] == 1000000
    assert rendered.one("ConfigMap", f"{NAME}-n")


@pytest.mark.parametrize(
    ("values", "prefix"),
    [({"fullnameOverride": "x"}, "x"), ({"nameOverride": "y"}, f"{NAME}-y")],
)
def test_names_can_be_chosen(render: Any, values: dict[str, str], prefix: str) -> None:
    rendered = render(values)
    assert rendered.names("Deployment") == [prefix]
    assert f"{prefix}-api" in rendered.names("Service")


def test_a_long_release_name_makes_no_name_too_long(render: Any) -> None:
    rendered = render({}, release="r" * 53)
    limits = {"CronJob": 52, "Service": 63}
    for each in rendered.manifests:
        assert len(each["metadata"]["name"]) <= limits.get(each["kind"], 63), each["metadata"]["name"]


def test_everything_of_a_namespace_says_which(default: Rendered) -> None:
    cluster = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "APIService"}
    for each in default.manifests:
        home = each["metadata"].get("namespace")
        if each["kind"] in cluster:
            assert home is None
        else:
            assert home in {NAMESPACE, "kube-system"}
