"""`python -m containerjob_operator`."""

from containerjob_operator.main import main

main()
