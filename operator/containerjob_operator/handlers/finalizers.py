"""kopf's finalizer on hosts, kept off those that are another operator's."""

from collections.abc import Container

import kopf
from kopf._cogs.structs.ids import HandlerId
from kopf._core.intents.causes import SpawningCause
from kopf._core.intents.registries import SpawningRegistry
from typing_extensions import override

from containerjob_api.hostkinds import reference_of
from containerjob_api.names import GROUP, HOST_FINALIZER
from containerjob_operator.settings import Settings

NOBODYS = f"{GROUP}/nobody"
"""No object has it, so that kopf finds nothing to remove."""


class OnlyOurs(SpawningRegistry):
    """kopf takes its finalizer off every object without a timer of its own; on others' hosts it is another's."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    @override
    def requires_finalizer(self, cause: SpawningCause, excluded: Container[HandlerId] = frozenset()) -> bool:
        """Leave it on others' hosts as it is."""
        if not self._settings.serves_host(reference_of(dict(cause.body))):
            return HOST_FINALIZER in cause.body.metadata.get("finalizers", ())
        return super().requires_finalizer(cause, excluded)


def leave_others_alone(registry: kopf.OperatorRegistry, settings: Settings) -> None:
    """Have kopf decide by our rule; call it before the first timer is registered."""
    registry._spawning = OnlyOurs(settings)
