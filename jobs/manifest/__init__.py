"""A season's manifest, read into one brief an episode; everything that is wrong with it is named at once."""

from jobs.manifest.data import BRIEF, FOOTAGE, Entry, ManifestWrong, Season, Slip
from jobs.manifest.names import slug
from jobs.manifest.read import read_season
from jobs.manifest.rows import RUSSIAN

__all__ = ["BRIEF", "FOOTAGE", "RUSSIAN", "Entry", "ManifestWrong", "Season", "Slip", "read_season", "slug"]
