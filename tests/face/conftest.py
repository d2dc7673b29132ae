"""The project with data that the commands are tested on: a script must say the same of it."""

import importlib.util
from pathlib import Path

_path = Path(__file__).parent.parent / "cli" / "conftest.py"
_spec = importlib.util.spec_from_file_location("cli_conftest", _path)
_commands = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_commands)

loaded, project, call = _commands.loaded, _commands.project, _commands.call
