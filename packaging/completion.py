"""What kubectl runs behind TAB, beside the plugin in its archive."""

from kubectl_containerjob.completions import main

if __name__ == "__main__":
    main()
