"""Write the tables of docs/troubleshooting.md from what `why` and `doctor` say of every reason."""

import re
import string
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pages import ROOT, write_or_check

from containerjob_api.phases import HostReason, Reason
from kubectl_containerjob.explaining.sentences import CLAUSES
from kubectl_containerjob.setup.remedies import REMEDIES

PAGE = ROOT / "docs" / "troubleshooting.md"
PART = re.compile(r"(<!-- generated: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
WELL: Final = frozenset({Reason.RUNNING, Reason.COMPLETED, Reason.HOST_REACHABLE})
"""Nothing is wrong, but the words may be looked up all the same."""
LAUNCHING: Final = (Reason.SCHEDULED, Reason.IMAGE_PULL_BACK_OFF, Reason.LAUNCH_BACK_OFF, Reason.HOST_UNREACHABLE)
FIRST_ENDED: Final = Reason.COMPLETED
"""Reasons before it are of jobs that have not ended."""
VERBS: Final = ("logs", "retry", "resume", "show")
WORDS: Final = {verb: f"kubectl containerjob {verb} NAME" for verb in VERBS} | {
    "doctor": "kubectl containerjob doctor",
    "signal": "",
    "code": "N",
    "not_before": "TIME",
    "failed": "N times",
    "launch_failures": "N times",
    "pinned_full": "DockerHost HOST",
    "a_host": "HOST",
    "a_host_typed": "dockerhost HOST",
    "message": "the engine's or the operator's words",
}
"""What stands for the job's own words; for any other, its name in capitals."""


def rendered(page: str) -> str:
    """Return the page with every generated part made anew."""
    return PART.sub(lambda part: "\n".join((part[1], *_table(part[2]), "", part[3])), page)


def _table(part: str) -> Iterator[str]:
    yield from (
        ("| Reason | What `why` says | What to do |", "|---|---|---|")
        if part != "hosts"
        else (
            "| Reason | What it means | What to do |",
            "|---|---|---|",
        )
    )
    for reason, said, remedy in _hosts() if part == "hosts" else _jobs(part):
        yield f"| `{reason}` | {_filled(said)} | {_filled(remedy) or 'nothing'} |"


def _jobs(part: str) -> Iterator[tuple[str, str, str]]:
    listed = list(Reason)
    begun = listed.index(FIRST_ENDED)
    groups: Mapping[str, Iterable[Reason]] = {
        "waiting": [reason for reason in listed[:begun] if reason not in WELL and reason not in LAUNCHING],
        "launching": LAUNCHING,
        "ended": [reason for reason in listed[begun:] if reason not in WELL],
        "well": [reason for reason in listed if reason in WELL],
    }
    for reason in groups[part]:
        yield reason, *CLAUSES[reason]


def _hosts() -> Iterator[tuple[str, str, str]]:
    for reason in HostReason:
        yield reason, _sentence(reason), REMEDIES[reason]


def _sentence(reason: HostReason) -> str:
    """Return what docs/api.md says of it, which is where its docstring is."""
    told = re.search(rf"^\| `{reason}` \| (.*) \|$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    return told[1].rstrip(".") if told else ""


def _filled(text: str) -> str:
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    return text.format_map({name: WORDS.get(name, name.upper()) for name in names}).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, rendered, sys.argv[1:]))
