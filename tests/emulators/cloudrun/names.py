"""Resource names: projects/P/locations/L/jobs/J/executions/E/tasks/T, and whether the place is known."""

import re
from dataclasses import dataclass

from .options import Options
from .refusals import Code, Refused

KINDS = ("jobs", "executions", "tasks")
ANY = "-"
"""Stands for every Job or Execution in a list's parent: ListExecutionsRequest.parent, ListTasksRequest.parent."""
NAME = re.compile(r"projects/([^/]+)/locations/([^/]+)((?:/[a-z]+/[^/]+)*)")


@dataclass(frozen=True, slots=True)
class Name:
    """A resource name taken apart: the place, and the ids from the Job down."""

    project: str
    location: str
    ids: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Give the parent of all Jobs."""
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def full(self) -> str:
        """Give the name with the project's id, also where the number was asked for."""
        return self.place + "".join(f"/{kind}/{one}" for kind, one in zip(KINDS, self.ids, strict=False))

    def holds(self, other: str) -> bool:
        """Tell whether the name of a child lies below this parent."""
        parts = other.split("/")
        wanted = self.full.split("/")
        return all(want in (ANY, has) for want, has in zip(wanted, parts, strict=False))


def parse(name: str, depth: int, options: Options) -> Name:
    """Take a name apart that ends at a Job (1), an Execution (2) or a Task (3), or at the location (0)."""
    match = NAME.fullmatch(name)
    parts = match[3].split("/")[1:] if match else []
    if match is None or tuple(parts[0::2]) != KINDS[:depth]:
        raise Refused(Code.INVALID_ARGUMENT, f"Invalid resource name: '{name}'.")
    place = known_place(match[1], match[2], options)
    return Name(place.project, place.location, tuple(parts[1::2]))


def known_place(project: str, location: str, options: Options) -> Name:
    """Refuse places that don't exist; {project} can be the id or the number (GetJobRequest.name)."""
    if project not in (options.project, options.project_number):
        raise Refused(Code.NOT_FOUND, f"Project '{project}' not found or permission denied.")
    if location not in options.locations:
        raise Refused(Code.NOT_FOUND, f"Location {location} is not found or access is unauthorized.")
    return Name(options.project, location)


def missing(kind: str, name: Name) -> Refused:
    """Refuse a resource that isn't there, in the words of the service."""
    return Refused(
        Code.NOT_FOUND,
        f"Resource '{name.ids[-1]}' of kind '{kind}' in region '{name.location}' in project '{name.project}' "
        "does not exist.",
    )
