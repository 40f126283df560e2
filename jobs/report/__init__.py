"""How a season went: as JSON and JUnit XML for machines, as a page to look at and one line for people."""

from jobs.report.data import EpisodeResult, Failure, SeasonReport, State, summary
from jobs.report.folder import files, read, write
from jobs.report.junit import junit
from jobs.report.page import page

__all__ = ["EpisodeResult", "Failure", "SeasonReport", "State", "files", "junit", "page", "read", "summary", "write"]
