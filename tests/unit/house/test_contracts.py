"""The layers are kept, and the machine that says so works."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def lint_imports(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_import_contracts_are_kept() -> None:
    result = lint_imports()
    assert result.returncode == 0, result.stdout


def test_a_broken_contract_is_reported(tmp_path: Path) -> None:
    contract = tmp_path / "contract.toml"
    contract.write_text(
        """
[tool.importlinter]
root_packages = ["containerjob_api"]
include_external_packages = true

[[tool.importlinter.contracts]]
name = "the models do without pydantic"
type = "forbidden"
source_modules = ["containerjob_api"]
forbidden_modules = ["pydantic"]
"""
    )
    result = lint_imports("--config", str(contract))
    assert result.returncode == 1
    assert "the models do without pydantic BROKEN" in result.stdout
