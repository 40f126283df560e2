"""What is seen in footage: subjects, cuts, and who speaks."""

from pipeline.analysis.analyse import analyse, notes
from pipeline.analysis.look import Looked, look
from pipeline.analysis.types import ANALYSIS_VERSION, AnalysedShot, Analysis, Sighting, Track

__all__ = ["ANALYSIS_VERSION", "AnalysedShot", "Analysis", "Looked", "Sighting", "Track", "analyse", "look", "notes"]
