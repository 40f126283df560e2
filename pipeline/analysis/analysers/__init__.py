"""What is looked for, one file each."""

from pipeline.analysis.analysers.registry import ANALYSERS, FINDERS, Analyser, Finder

__all__ = ["ANALYSERS", "FINDERS", "Analyser", "Finder"]
