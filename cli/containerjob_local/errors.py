"""What can go wrong while the local environment is brought up, told in one line that names the remedy."""


class LocalError(Exception):
    """Tell the person at the terminal what is wrong and what to do about it."""


class StateError(LocalError):
    """The state folder cannot be used as it is."""


class PortInUseError(LocalError):
    """The port that was asked for belongs to another program."""


class BinaryError(LocalError):
    """A program of the control plane could not be found, fetched or built."""


class ProcessError(LocalError):
    """A child process could not be started, or ended at once."""


class ReadinessError(LocalError):
    """Something that was started did not become ready in time."""


class KubectlError(LocalError):
    """kubectl refused; the message is what it wrote to its error stream."""


class NodeError(LocalError):
    """The node, or something it needs of this machine, refused; the message carries its own words."""
