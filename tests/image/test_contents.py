"""What is in the image, and what is not."""

import json
from collections.abc import Callable

import docker
from tools.image.making import Built

RunPython = Callable[..., str]
MOST_BYTES = 120_000_000
FORBIDDEN_PROGRAMS = ["cc", "c++", "gcc", "g++", "make", "ld", "pip", "pip3", "uv", "uvx", "hatchling", "git"]
FORBIDDEN_MODULES = ["pip", "setuptools", "ensurepip", "uv", "hatchling", "google", "kubernetes", "pytest", "docker"]
CLOUD_RUN = "containerjob_operator.executors.cloudrun"
"""What takes Google's client, which the target `cloudrun` has."""
INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps([[each.metadata["Name"], each.version] for each in distributions()]))
"""
IMPORT_ALL = """
import importlib, json, pathlib, pkgutil, sys
import containerjob_api, containerjob_operator
names = [
    module.name
    for package in (containerjob_api, containerjob_operator)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if not module.name.endswith("__main__")
]
clientless = []
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name.partition(".")[0] not in ("google", "grpc"):
            raise
        clientless.append(name)
cached = [getattr(module, "__cached__", None) for module in list(sys.modules.values())]
slow = [path for path in cached if path and not pathlib.Path(path).exists()]
print(json.dumps({"modules": names, "without a client": clientless, "without bytecode": slow}))
"""


def test_it_adds_at_most_120_megabytes_to_its_base(client: docker.DockerClient, built: Built) -> None:
    size, base = (client.images.get(name).attrs["Size"] for name in (built.image, built.base))
    assert 0 < size - base <= MOST_BYTES


def test_it_has_no_compiler_no_installer_and_no_package_it_does_not_need(in_container: RunPython) -> None:
    script = """
import importlib.util, json, shutil, sys
programs, modules = (argument.split() for argument in sys.argv[1:])
found = [name for name in programs if shutil.which(name)]
print(json.dumps(found + [name for name in modules if importlib.util.find_spec(name)]))
"""
    assert json.loads(in_container(script, " ".join(FORBIDDEN_PROGRAMS), " ".join(FORBIDDEN_MODULES))) == []


def test_every_module_but_those_of_cloud_run_is_importable_and_none_is_compiled_at_start(
    in_container: RunPython,
) -> None:
    report = json.loads(in_container(IMPORT_ALL))
    assert {name.rpartition(".")[0] for name in report["without a client"]} == {CLOUD_RUN}
    assert {"containerjob_operator.serve", "containerjob_operator.hooks.certificates"} <= set(report["modules"])
    assert report["without bytecode"] == []


def test_the_bill_of_materials_lists_exactly_what_is_installed(
    client: docker.DockerClient, built: Built, in_container: RunPython
) -> None:
    path = client.images.get(built.image).labels["io.containerjobs.sbom"]
    bill = json.loads(in_container("import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())", path))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    root = bill["metadata"]["component"]
    listed = {(each["name"], each["version"]) for each in [root, *bill["components"]]}
    assert listed == {(name, version) for name, version in json.loads(in_container(INSTALLED))}
    assert root["name"] == "containerjob"


def test_no_file_of_it_belongs_to_the_user_it_runs_as(in_container: RunPython) -> None:
    script = """
import os, pathlib
print([str(path) for path in pathlib.Path("/opt").rglob("*") if os.access(path, os.W_OK) and not path.is_symlink()])
"""
    assert in_container(script).strip() == "[]"
