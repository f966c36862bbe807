"""Whose objects come back when they are deleted."""

from typing import Any

import pytest
from tests.unit.decide.builders import new_job

from containerjob_api.recreators import recreator
from containerjob_api.resources import ObjectMeta
from containerjob_operator.decide.ownership import expiry_warning


def meta(**metadata: Any) -> ObjectMeta:
    return ObjectMeta(name="hello", **metadata)


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        (meta(annotations={"argocd.argoproj.io/tracking-id": "app:x"}), "Argo CD"),
        (meta(labels={"argocd.argoproj.io/instance": "app"}), "Argo CD"),
        (meta(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}), "Flux"),
        (
            meta(labels={"helm.toolkit.fluxcd.io/name": "app"}, annotations={"meta.helm.sh/release-name": "app"}),
            "Flux",
        ),
        (meta(annotations={"meta.helm.sh/release-name": "app"}), "Helm"),
        (meta(labels={"app.kubernetes.io/instance": "app", "app.kubernetes.io/managed-by": "Helm"}), None),
        (meta(labels={"argocd.argoproj.io/instance": "a"}, annotations={"argocd.argoproj.io/hook": "PreSync"}), None),
        (meta(), None),
    ],
)
def test_who_creates_a_deleted_object_again(metadata: ObjectMeta, who: str | None) -> None:
    assert recreator(metadata.labels, metadata.annotations) == who


def test_the_warning_names_who_and_what_to_do() -> None:
    job = new_job()
    assert expiry_warning(job) is None
    owned = job.model_copy(update={"metadata": meta(labels={"argocd.argoproj.io/instance": "app"})})
    warning = expiry_warning(owned) or ""
    assert "Argo CD creates deleted objects again" in warning
    assert "remove the ttl from the manifest" in warning
    assert "argocd.argoproj.io/hook" in warning
