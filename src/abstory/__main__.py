"""`python -m abstory` is the command `abstory`."""

from abstory.cli import main

main()
