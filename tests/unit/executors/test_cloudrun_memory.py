"""Google's libraries take 79 MB and a second: nobody pays for them who has no CloudRunHost."""

import subprocess
import sys

import pytest

# google.auth alone is light, and comes with the client of Kubernetes where that is installed.
EVERYTHING = """
import sys, pkgutil, importlib, containerjob_operator
for found in pkgutil.walk_packages(containerjob_operator.__path__, "containerjob_operator."):
    if not found.name.startswith("containerjob_operator.executors.cloudrun.") and "__main__" not in found.name:
        importlib.import_module(found.name)
"""
EXECUTOR = """
import sys
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor
from containerjob_operator.executors.cloudrun.place import Place
CloudRunExecutor(Place("demo", "europe-west1"), cluster_uid="c")
"""
TELL = """
heavy = ("grpc", "proto", "google.api_core", "google.cloud", "google.protobuf")
print(sorted(name for name in sys.modules if name.startswith(heavy)))
"""


@pytest.mark.parametrize(
    "program", [EVERYTHING, EXECUTOR], ids=["the whole operator", "an executor that asked nothing"]
)
def test_googles_libraries_are_loaded_only_when_a_place_is_asked(program: str) -> None:
    child = subprocess.run([sys.executable, "-c", program + TELL], capture_output=True, text=True, check=True)
    assert child.stdout == "[]\n"
