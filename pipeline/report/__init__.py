"""What was made and why: the report as data, and the contact sheet to look at."""

from pipeline.report.report import Report, shot_rows
from pipeline.report.sheet import ContactSheet

__all__ = ["ContactSheet", "Report", "shot_rows"]
