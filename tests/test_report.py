"""What is written beside the video: the report that has a schema, and notes on the contact sheet."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from basis.notes import Note
from pipeline import episode
from pipeline.brief import make_brief
from pipeline.report import Report

SCHEMA = Path(__file__).parent.parent / "docs" / "report.schema.json"


def test_the_report_is_as_its_schema_says():
    assert json.loads(SCHEMA.read_text("utf-8")) == Report.model_json_schema(mode="serialization")


@pytest.mark.slow
def test_a_note_stands_beside_its_shot_and_the_others_below(two_shots, tmp_path):
    brief = make_brief({"footage": [{"file": two_shots.file}], "preset": "plain"}, "test")
    plan = episode.plan(brief).plan.model_copy(update={"warnings": []})
    sheets = []
    for number, notes in enumerate(
        ([], [Note(code="guess", text="Look here.", shot=2)], [Note(code="sting", text="No.")])
    ):
        files = episode.Files(tmp_path / f"{number}.mp4")
        episode.plan_files(plan.model_copy(update={"warnings": notes}), files)
        sheets.append(np.asarray(Image.open(files.sheet), int))
    plain, beside, below = sheets
    changed = np.flatnonzero(np.abs(beside - plain).max(axis=(1, 2)) > 60)
    assert beside.shape == plain.shape and 372 <= changed.min() < changed.max() < 744  # the second row
    assert below.shape[0] > plain.shape[0] and below.shape[1] == plain.shape[1]
