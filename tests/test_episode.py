"""A whole episode, judged from the pixels and the sound of the finished file."""

import json

import av
import cv2
import numpy as np
import pytest

from pipeline import episode, verify
from pipeline.brief import make_brief
from pipeline.captions.reading import read_captions
from pipeline.plan import Plan, corners, take_shots
from presets import delivery
from presets.graphics import Caption
from tests.footage import Face, Scene, make

pytestmark = pytest.mark.slow


def pictures(file, numbers):
    with av.open(str(file)) as container:
        return {n: f.to_ndarray(format="rgb24") for n, f in enumerate(container.decode(video=0)) if n in numbers}


def sound(file):
    with av.open(str(file)) as container:
        resampler = av.AudioResampler("flt", "mono", 48000)
        parts = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
    return np.concatenate(parts)


def test_the_file_passes_every_check_and_its_report_says_so(finished):
    _, files, report = finished
    assert [c for c in verify.verify(files.video, delivery.load("vk-clips")) if not c.ok and c.level == "error"] == []
    saved = json.loads(files.report.read_text("utf-8"))
    assert saved["delivered"] and len(saved["checks"]) == len(report.checks) > 25
    assert cv2.imread(str(files.sheet)).shape[0] > 900  # two shots and the end card


def test_nothing_else_is_left_in_the_output_folder(finished):
    _, files, _ = finished
    assert {*files.video.parent.iterdir()} == {*files.all}


def test_every_frame_shows_the_whole_face_and_the_crop_changes_on_the_exact_cut(finished, two_shots):
    _, files, _ = finished
    plan = Plan.model_validate_json(files.plan.read_text("utf-8"))
    take = plan.takes[0]
    assert [round(s.start * 25) for s in take.shots[1:]] == two_shots.cuts
    whole = 0
    for number, boxes in enumerate(two_shots.boxes):
        shot = next(s for s, first, last in take_shots(plan, take) if first <= number < last)
        assert shot is take.shots[number >= two_shots.cuts[0]]
        left = corners(shot, np.array([number / 25]))[0, 0, 0]
        x, _, width, _ = boxes[0]
        whole += left <= x and x + width <= left + shot.panes[0].width
        assert left >= 0 and left + shot.panes[0].width <= two_shots.size[0] + 0.01
    assert whole / len(two_shots.boxes) >= 0.99


def test_a_caption_is_seen_exactly_while_it_is_said(finished):
    _, files, _ = finished
    shown = pictures(files.video, {72, 80, 118, 121})
    bright = {n: (p[1130:1450, 80:880].min(axis=2) > 200).mean() for n, p in shown.items()}
    assert bright[80] > bright[72] + 0.01 and bright[118] > bright[121] + 0.01


def test_the_subtitles_beside_the_video_say_what_the_captions_say(finished):
    _, files, _ = finished
    for file in (files.srt, files.vtt):
        (cue,) = read_captions(file).cues
        assert [w.text for w in cue.words] == ["Цех", "работает", "круглые", "сутки."]
        assert (cue.start, cue.end) == pytest.approx((3.0, 4.8), abs=0.05)


def test_the_code_on_the_end_card_scans_from_the_finished_video(finished):
    _, files, report = finished
    frame = pictures(files.video, {report.frames - 5})[report.frames - 5]
    assert cv2.QRCodeDetector().detectAndDecode(frame)[0] == "https://vk.com/app1"


def test_flash_and_click_come_together(flash_and_click, small, tmp_path, quick):
    files = episode.Files(tmp_path / "sync.mp4")
    footage = {"file": flash_and_click.file, "from": 0.6}
    brief = make_brief({"footage": [footage], "preset": "plain", "delivery": str(small)}, "test")
    plan, _ = episode.plan(brief)
    episode.render(plan, files, quick)
    with av.open(str(files.video)) as container:
        light = [f.to_ndarray(format="gray").mean() for f in container.decode(video=0)]
    heard = np.abs(sound(files.video))
    click = np.flatnonzero(heard > heard.max() / 2)[0] / 48000
    flash = int(np.argmax(light)) / 25
    assert flash == pytest.approx(1.4, abs=0.001)
    assert click == pytest.approx(flash, abs=0.010)


def test_the_same_input_gives_the_same_plan(two_shots, finished):
    brief, files, _ = finished
    again, _ = episode.plan(brief)
    assert again.model_dump_json(indent=2) + "\n" == files.plan.read_text("utf-8")


def test_an_edited_plan_is_rendered_as_edited(finished, tmp_path, quick):
    _, files, _ = finished
    plan = Plan.model_validate_json(files.plan.read_text("utf-8"))
    plan.graphics = [g for g in plan.graphics if not isinstance(g, Caption)]
    plan.takes[0].shots[1].panes[0].path[0].x = 0.0
    edited = tmp_path / "edited.mp4"
    episode.render_segment(plan, 100, 102, edited, quick)
    before, after = pictures(files.video, {100})[100], pictures(edited, {0})[0]
    assert np.abs(before.astype(int) - after).mean() > 10


def test_black_bars_never_reach_the_output(small, tmp_path, quick):
    made = make(tmp_path / "bars.mp4", [Scene(1.2, [Face(lambda t: 0.22)])], bars=80, sound=None)
    files = episode.Files(tmp_path / "bars-out.mp4")
    brief = make_brief({"footage": [{"file": made.file}], "preset": "plain", "delivery": str(small)}, "test")
    plan, _ = episode.plan(brief)
    episode.render(plan, files, quick)
    frame = pictures(files.video, {15})[15]
    assert frame.max(axis=2).min(axis=1).mean() > 20 and frame[:, :2].mean() > 20
