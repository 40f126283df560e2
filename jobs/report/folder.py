"""A season's reports in its output folder."""

from pathlib import Path

from pydantic import ValidationError

from basis.errors import WrongUse
from basis.files import save_text
from jobs.report.data import SCHEMA_VERSION, SeasonReport
from jobs.report.junit import junit
from jobs.report.page import page


def files(out: Path) -> tuple[Path, Path, Path]:
    """Where a season's reports lie: JSON, JUnit XML, page."""
    return out / "season.report.json", out / "season.junit.xml", out / "index.html"


def write(report: SeasonReport, out: Path) -> None:
    """Writes the reports into a season's folder, each whole or not at all."""
    as_json, as_junit, as_page = files(out)
    save_text(report.model_dump_json(indent=2), as_json)
    save_text(junit(report), as_junit)
    save_text(page(report, out), as_page)


def read(out: Path) -> SeasonReport | None:
    """The report in a season's folder, None where there is none. Raises WrongUse for one that cannot be read."""
    file = files(out)[0]
    try:
        return SeasonReport.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        what = "is broken"
        if other := [slip["input"] for slip in error.errors() if slip["loc"] == ("schema_version",)]:
            what = f"was written by another version of episode (schema_version {other[0]}, not {SCHEMA_VERSION})"
        raise WrongUse(f"{file} {what}; run the season again to have it anew.") from None
