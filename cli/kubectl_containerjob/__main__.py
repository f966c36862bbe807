"""Run the plugin with `python -m kubectl_containerjob`."""

from kubectl_containerjob.main import main

if __name__ == "__main__":
    main()
