"""The face of abstory in Python: what a script or a notebook does, in the words of the command line.

A script is an edge, as the command line is, so this is the one package beside `abstory.cli` that may read the clock.
"""

from abstory.face.experiment import Experiment, load
from abstory.face.recording import BUFFERED, Assignment, Recorder, now_us

__all__ = ["BUFFERED", "Assignment", "Experiment", "Recorder", "load", "now_us"]
