"""What a person reads when something goes wrong: one line, exit code 1, no stack trace."""

import contextlib
from collections.abc import Iterator

from kubectl_containerjob.problems import Problem


@contextlib.contextmanager
def shown(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds, whose messages are written for people, into the plugin's own."""
    try:
        yield
    except kinds as error:
        raise Problem(str(error)) from error
    except ModuleNotFoundError as error:
        raise Problem(
            f"this command needs more than the plugin itself ({error.name} is missing): install containerjob[local]"
        ) from error
