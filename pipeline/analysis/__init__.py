"""What is seen in footage: subjects, cuts, and who speaks."""

from pipeline.analysis.analyse import DAMAGED, analyse, damage, notes
from pipeline.analysis.look import Looked, look
from pipeline.analysis.types import ANALYSIS_VERSION, AnalysedShot, Analysis, Sighting, Track

__all__ = [
    "ANALYSIS_VERSION",
    "DAMAGED",
    "AnalysedShot",
    "Analysis",
    "Looked",
    "Sighting",
    "Track",
    "analyse",
    "damage",
    "look",
    "notes",
]
