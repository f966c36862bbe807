"""kubectl, as a program: the one client that is always there, and understands any manifest."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containerjob_local.errors import KubectlError

TIMEOUT_SECONDS = 150.0  # longer than anything kubectl is asked to wait for


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl against one cluster."""

    program: Path
    kubeconfig: Path

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl and return what it printed; raise KubectlError with its own words when it refuses."""
        try:
            done = subprocess.run(
                [str(self.program), *arguments],
                input=stdin if stdin is not None else "",
                capture_output=True,
                text=True,
                env=self.environment(),
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KubectlError(f"kubectl {arguments[0]}: {error}") from error
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()
            raise KubectlError(f"kubectl {arguments[0]}: {lines[-1] if lines else f'exit code {done.returncode}'}")
        return done.stdout

    def environment(self) -> Mapping[str, str]:
        """Point kubectl at this cluster, whatever the person's own settings say, and keep its cache beside."""
        own = {
            "KUBECONFIG": str(self.kubeconfig),
            "KUBECACHEDIR": str(self.kubeconfig.parent / "kubectl-cache"),
            "KUBERC": "off",
        }
        return dict(os.environ) | own

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a kubectl command with `-o json` and return what it printed."""
        answer: dict[str, Any] = json.loads(self.run(*arguments, "-o", "json"))
        return answer

    def apply(self, manifest: dict[str, Any] | Path) -> None:
        """Apply a manifest server-side, taking over fields that an earlier run set."""
        options = ["apply", "--server-side", "--force-conflicts", "--field-manager=containerjob-local"]
        if isinstance(manifest, Path):
            self.run(*options, "-f", str(manifest))
        else:
            self.run(*options, "-f", "-", stdin=json.dumps(manifest))
