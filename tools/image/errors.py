"""What can go wrong while an image is made, in one line that names the remedy."""

from containerjob_local.errors import LocalError


class ImageError(LocalError):
    """The image cannot be made here."""
