"""Images on an engine: there already, pulled, or, for the demo's own, made locally."""

import base64
from collections.abc import Callable
from typing import Literal

from containerjob_local.engine.demo_image import make_demo_image
from containerjob_local.engine.errors import EngineError, NoAnswerError
from containerjob_local.engine.unix_http import call, progress, with_query

DEMO_IMAGE = "busybox:1.37"
# Silence for so long means that no registry answers; a pull that makes progress may take longer.
_SILENCE_SECONDS = 20.0
_TRANSFER_SECONDS = 900.0
_NO_CREDENTIALS = base64.b64encode(b"{}").decode()

Outcome = Literal["present", "pulled", "made locally"]


def ensure_image(endpoint: str, image: str, report: Callable[[str], None]) -> Outcome:
    """Bring an image to the engine; raise EngineError in the engine's words when it cannot be had."""
    if _is_present(endpoint, image):
        return "present"
    report(f"pulling {image}")
    refusal = pull_image(endpoint, image)
    if refusal is None:
        return "pulled"
    if image != DEMO_IMAGE:
        raise EngineError(f"image {image} cannot be pulled: {refusal}")
    report(f"{image} cannot be pulled ({refusal}): making it from the system's busybox")
    make_demo_image(endpoint, *split_reference(image))
    return "made locally"


def pull_image(endpoint: str, image: str) -> str | None:
    """Pull an image; return None, or why it could not be had."""
    repository, tag = split_reference(image)
    path = with_query("/images/create", {"fromImage": repository, "tag": tag})
    try:
        return progress(endpoint, path, timeout=_SILENCE_SECONDS, limit=_TRANSFER_SECONDS)
    except NoAnswerError as error:
        return str(error)


def push_image(endpoint: str, image: str, registry: str) -> str:
    """Push an image of the engine to a registry, named by its address; return its reference there."""
    repository, tag = split_reference(image)
    target = f"{registry}/{repository}"
    reply = call(endpoint, "POST", with_query(f"/images/{image}/tag", {"repo": target, "tag": tag}))
    if reply.status != 201:
        raise EngineError(f"image {image} cannot be named {target}:{tag}: {reply.words}")
    refusal = progress(
        endpoint,
        with_query(f"/images/{target}/push", {"tag": tag}),
        timeout=_SILENCE_SECONDS,
        limit=_TRANSFER_SECONDS,
        headers={"X-Registry-Auth": _NO_CREDENTIALS},
    )
    if refusal is not None:
        raise EngineError(f"image {image} cannot be pushed to {registry}: {refusal}")
    return f"{target}:{tag}"


def split_reference(image: str) -> tuple[str, str]:
    """Split an image's name into what the API calls repository and tag; without a tag it would pull all of them."""
    if "@" in image:
        repository, _, digest = image.partition("@")
        return repository, digest
    repository, colon, tag = image.rpartition(":")
    if not colon or "/" in tag:  # that colon belongs to the registry's port
        return image, "latest"
    return repository, tag


def _is_present(endpoint: str, image: str) -> bool:
    reply = call(endpoint, "GET", f"/images/{image}/json")
    if reply.status not in (200, 404):
        raise EngineError(f"the engine does not tell whether it has {image}: {reply.words}")
    return reply.status == 200
