"""`python -m tools.chart.manifests`: the chart with its default values as plain manifests, for who does without Helm.

config/default/operator.yaml is the Kustomize base; `--install FILE` writes one file with the definitions in front, as
releases have it. Of the hooks only the one that makes the certificate is left, as a Job that runs once.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from tools.chart.permissions import NAME, NAMESPACE
from tools.chart.places import CHART, ROOT

BASE: Final = ROOT / "config" / "default" / "operator.yaml"
_HEAD: Final = (
    "# Made by `python -m tools.chart.manifests` from charts/containerjob-operator with its default values.\n"
)
_KINDS: Final = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "PodDisruptionBudget",
    "Deployment",
    "APIService",
    "CronJob",
    "Job",
)
"""In the order of creation; a kind that is not here has no place yet, and is an error."""
_HELMS: Final = ("helm.sh/", "meta.helm.sh/")
_RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}

Manifest = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the Kustomize base; with --check only compare, and return 1 where it is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.chart.manifests", description=main.__doc__)
    parser.add_argument("--helm", default="helm", help="the program (default: helm)")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the base is stale")
    parser.add_argument("--install", type=Path, metavar="FILE", help="write install.yaml, and leave the base alone")
    parser.add_argument("--chart", type=Path, default=CHART, help="a copy of the chart, whose values name an image")
    options = parser.parse_args(arguments)
    manifests = plain(rendered(options.helm, options.chart))
    if options.install is not None:
        options.install.parent.mkdir(parents=True, exist_ok=True)
        options.install.write_text(as_text(manifests))
        return 0
    text = as_text([each for each in manifests if each["kind"] != "CustomResourceDefinition"])
    if not options.check:
        BASE.write_text(text)
    elif BASE.read_text() != text:
        print(f"{BASE.relative_to(ROOT)} is stale: run `python -m tools.chart.manifests`", file=sys.stderr)
        return 1
    return 0


def rendered(helm: str | Path, chart: Path = CHART) -> list[Manifest]:
    """Return what Helm makes of the chart, hooks included."""
    told = yaml.safe_load((chart / "Chart.yaml").read_text())
    # Without a cluster Helm supposes a version of its own: take the oldest one that the chart allows.
    oldest = str(told["kubeVersion"]).removeprefix(">=").partition("-")[0]
    command = [str(helm), "template", NAME, str(chart), "--namespace", NAMESPACE, "--kube-version", oldest]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def plain(manifests: list[Manifest]) -> list[Manifest]:
    """Return what is installed without Helm, in the order of creation, with nothing in it that only Helm reads."""
    wanted = [_namespace(), *(_without_helm(each) for each in manifests if _is_installed(each))]
    return sorted(wanted, key=lambda each: _KINDS.index(each["kind"]))


def as_text(manifests: list[Manifest]) -> str:
    """Write them as one file."""
    return _HEAD + "---\n".join(yaml.dump(each, Dumper=_Whole, sort_keys=False, width=118) for each in manifests)


class _Whole(yaml.SafeDumper):
    """Writes every part out: other readers know no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _is_installed(manifest: Manifest) -> bool:
    hook = manifest["metadata"].get("annotations", {}).get("helm.sh/hook", "pre-install")
    return "pre-install" in hook


def _without_helm(manifest: Manifest) -> Manifest:
    metadata = dict(manifest["metadata"])
    if manifest["kind"] == "Job":
        # A Job's pod cannot be changed: the next version has a Job of its own.
        metadata["name"] += f"-{metadata['labels']['app.kubernetes.io/version']}"
    annotations = dict(_others(metadata.pop("annotations", {})))
    cleaned = metadata | ({"annotations": annotations} if annotations else {})
    unlabelled: Manifest = _unlabelled(manifest | {"metadata": cleaned})
    return unlabelled


def _unlabelled(part: Any) -> Any:
    """Take Helm's labels off an object and off the templates in it."""
    if isinstance(part, list):
        return [_unlabelled(each) for each in part]
    if not isinstance(part, dict):
        return part
    labels = part.get("labels")
    kept = part | {"labels": dict(_others(labels))} if isinstance(labels, dict) else part
    return {key: _unlabelled(value) for key, value in kept.items()}


def _others(marks: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in marks.items():
        if not key.startswith(_HELMS) and key != "app.kubernetes.io/managed-by":
            yield key, value


def _namespace() -> Manifest:
    """Return the operator's namespace, which Helm is told and does not render; its pods need no more than this."""
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": NAME, **_RESTRICTED}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


if __name__ == "__main__":
    sys.exit(main())
