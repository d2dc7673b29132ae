"""The only place that knows YAML: one file becomes an `Experiment`, or diagnostics with their places."""

from abstory.spec.assets import with_cuts
from abstory.spec.diagnostics import Diagnostic
from abstory.spec.load import check_bytes, check_file, load_file
from abstory.spec.project import Loaded, files, find, find_all, find_with_text, load, survey, within

__all__ = [
    "Diagnostic",
    "Loaded",
    "check_bytes",
    "check_file",
    "files",
    "find",
    "find_all",
    "find_with_text",
    "load",
    "load_file",
    "survey",
    "with_cuts",
    "within",
]
