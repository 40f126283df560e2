"""Whether captions are what a drone, an action camera or a dash camera measured, and no speech."""

import re
from collections.abc import Sequence

from pipeline.captions.cues import Cue, said

MOSTLY = 0.8  # share of the cues that have to look so
LEAST_NUMBERS = 3  # in one
MOST_WORDS = 0.25  # share of its words that are neither numbers nor named as a measure is
_NUMBER = re.compile(r"[-+±]?\d+(?:[.,:/\-]\d+)*")
_MEASURE = re.compile(  # what cameras call what they measure, and its units
    r"""
    (?:frame|srt|diff|frm)_?(?:cnt|count|time|num)? | iso | shutter(?:speed)? | ss | f-?num(?:ber)? | ev | ct | ccm | focal(?:_len)?
    | color_md | dzoom(?:_ratio)? | delta | lat(?:itude)? | long?(?:t?itude)? | lng | (?:rel_|abs_)?alt(?:itude)? | gps | home
    | baro(?:meter)? | speed | spd | dist(?:ance)? | heading | course | yaw | pitch | roll | gimbal | gb_\w+ | drone_\w+ | sat(?:ellite)?s?
    | bat(?:tery)? | volt(?:age)? | utc | gmt | date | time | temp(?:erature)? | accel?(?:eration)? | gyro | g-?force | [xyzdhfnsew]
    | [kc]?m | ft | mm | m/s | km/?h | mph | kts? | pp | v\.?[hv]s | h\.s | v\.s | d-?log\w* | d-?cinelike | default | auto | am | pm | null | none
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DATE = re.compile(r"\W*\d{2,4}[-./]\d\d[-./]\d{2,4}\W+\d{1,2}:\d\d(?::\d\d)?\W*(?:[AaPp][Mm])?\W*")
_PLACE = re.compile(r"\d{1,3}\.\d{4,}")  # on the globe
_WORD = re.compile(r"[^\W\d_](?:[^\W\d]|[/.-](?=[^\W\d]))*\s*[:=(]?")


def is_telemetry(cues: Sequence[Cue]) -> bool:
    """Whether most cues are numbers with the names of what they measure, the same in each."""
    told = [cue for cue in cues if _is_measured(said(cue.words))]
    return bool(cues) and len(told) >= MOSTLY * len(cues)


def _is_measured(text: str) -> bool:
    numbers = _NUMBER.findall(text)
    words = _WORD.findall(text)
    named = [word for word in words if _MEASURE.fullmatch(word.rstrip(" :=(."))]
    keyed = [word for word in words if word[-1] in ":=("]
    other = [word for word in words if word not in named and word not in keyed]
    signs = len(numbers) + len(named) + len(keyed)
    known = len(named) + len(keyed) + 2 * (len(_PLACE.findall(text)) > 1 or bool(_DATE.search(text)))
    return bool(_DATE.fullmatch(text)) or (
        len(numbers) >= LEAST_NUMBERS and known > 1 and len(other) <= MOST_WORDS * (signs + len(other))
    )
