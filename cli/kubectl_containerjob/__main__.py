"""Where the plugin begins: what a person waits for is mostly Python loading, and looking for garbage meanwhile."""

import gc
from typing import Final

OBJECTS_BETWEEN_LOOKS: Final = 100_000
"""Loading makes no garbage; by Python's own 700 it would be looked for some sixty times."""


def main() -> None:
    """Run the plugin."""
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    from kubectl_containerjob.main import main as run

    try:
        run()
    finally:
        gc.freeze()  # one more look, at the end, would find nothing either


if __name__ == "__main__":
    main()
