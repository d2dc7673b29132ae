"""The command line: each command is a module of its own, imported only when it is called."""

from abstory.cli.main import main

__all__ = ["main"]
