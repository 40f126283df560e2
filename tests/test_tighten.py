"""Pauses in talk: where they are taken out, what moves with them, and how they come back."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from basis.boxes import Box
from basis.clock import Clock
from basis.data import FOREVER
from basis.errors import WrongUse
from basis.tools import Tools
from pipeline import captions as captions_
from pipeline import episode, framing
from pipeline import pauses as tighten
from pipeline.analysis import AnalysedShot, Analysis, Sighting, Track
from pipeline.brief import Footage, make_brief
from pipeline.captions import read, said_unheard
from pipeline.pauses import LEFT, LONGEST_PAUSE
from pipeline.plan import Knot, Pane, Pause, Plan, Shot, Sting, Take, take_shots
from pipeline.stretch import Stretch
from presets import delivery
from presets.graphics import Caption, EndCard, LowerThird, Mark, TitleCard, Word
from tests.sounds import hearing

FILE = Path("/a.mp4")
PICTURE = Box(x=0, y=0, width=640, height=360)
RATES = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]


def analysed(*edges):
    return [AnalysedShot(start=a, end=b, picture=PICTURE, tracks=[]) for a, b in pairwise(edges)]


def shot(start, end, name="a"):
    pane = Pane(width=200, height=360, path=[Knot(t=start, x=0, y=0)], onto=Box(x=0, y=0, width=1080, height=1920))
    return Shot(start=start, end=end, layout="hold", reason=name, picture=PICTURE, panes=[pane])


def taken(*edges, speech=(), file=FILE):
    shots = [shot(a, b, f"shot {n}") for n, (a, b) in enumerate(pairwise(edges))]
    return Take(
        file=file, fingerprint="", start=edges[0], end=edges[-1], audio_stream=None, shots=shots, speech=list(speech)
    )


def planned(takes, pauses=(), rate=25, **more):
    return Plan(
        made_by="test", preset="plain", delivery="vk-clips", rate=str(rate), width=1080, height=1920, takes=takes,
        pauses=list(pauses), **more,
    )  # fmt: skip


def found(speech, edges=(0.0, 60.0), rate=Fraction(25), longest=0.8, offset=0.0):
    return tighten.find(FILE, (edges[0], edges[-1]), offset, analysed(*edges), speech, Clock(rate), longest)


def kept(plan, *numbers):
    pauses = [p.model_copy(update={"kept": n in numbers}) for n, p in enumerate(plan.pauses)]
    return tighten.settled(plan.model_copy(update={"pauses": pauses}))


def spans(plan):
    return [(take.start, take.end) for take in plan.takes]


# where


IN_TALK = {
    "between two stretches": ([(1, 3), (5, 7)], [(3.12, 4.88)]),
    "not before the first word nor after the last": ([(10, 12)], []),
    "not longer than the limit": ([(1, 3), (3.8, 7)], []),
    "longer than a pause": ([(1, 3), (3.1 + LONGEST_PAUSE, 20)], []),
    "with a cut inside": ([(28, 29), (31, 33)], []),
    "up to a cut": ([(28, 29), (30, 33)], [(29.12, 29.88)]),
    "between frames": ([(1, 3.01), (4.99, 7)], [(3.16, 4.84)]),
    "stretches that overlap": ([(1, 3), (2, 4), (6, 7)], [(4.12, 5.88)]),
    "several": ([(1, 3), (5, 7), (9, 10)], [(3.12, 4.88), (7.12, 8.88)]),
}


@pytest.mark.parametrize("name", IN_TALK)
def test_a_pause_is_what_lies_between_words_in_one_shot(name):
    speech, meant = IN_TALK[name]
    assert [(p.start, p.end) for p in found(speech, (0, 30, 60))] == [pytest.approx(span) for span in meant]


def test_frames_are_counted_from_the_beginning_of_the_take():
    (pause,) = found([(1, 3), (5, 7)], (0.01, 60), offset=9.99)
    assert (pause.start, pause.end, pause.at) == pytest.approx((3.13, 4.85, 13.12))


def test_a_pause_that_is_kept_is_the_one_at_or_beside_the_second():
    pauses = found([(1, 3), (5, 7), (9, 10)])
    marks = [[p.kept for p in tighten.marked(pauses, keep)] for keep in ([4], [2.7, 9.3], [5.3], [])]
    assert marks == [[True, False], [True, True], [True, False], [False, False]]


@pytest.mark.parametrize(
    ("speech", "meant"),
    [
        ([(1, 3), (5, 7), (9, 10)], r"at 20 s; the nearest is from 7\.1 to 8\.9 s"),
        ([(1, 3)], "no long pause was found"),
    ],
)
def test_a_second_without_a_pause_to_keep_is_refused(speech, meant):
    with pytest.raises(WrongUse, match=meant):
        tighten.marked(found(speech), [20])


# what moves


def cut_at_ten(**more):
    """Two takes of 10 and 8 s that a pause of 2 s was cut between."""
    return planned(
        [taken(0, 10, speech=[(1, 9.8)]), taken(12, 20, speech=[(12.2, 19)])],
        [Pause(file=FILE, start=10, end=12, at=10), Pause(file=FILE, start=30, end=31, at=15)], **more,
    )  # fmt: skip


def caption(start, end, *words):
    return Caption(start=start, end=end, lines=[[Word(text="Да", start=a, end=b) for a, b in words]])


MOVES = {
    "before": (TitleCard(start=1, end=3), (1, 3)),
    "up to it": (TitleCard(start=1, end=10), (1, 10)),
    "over it": (LowerThird(start=9, end=12, name="Анна"), (9, 14)),
    "from it on": (LowerThird(start=10, end=12, name="Анна"), (12, 14)),
    "until the footage ends": (Mark(start=0, end=18), (0, 20)),
    "for ever": (Mark(start=0, end=FOREVER), (0, FOREVER)),
    "in the tail": (EndCard(start=18, end=21), (20, 23)),
    "said before and read after": (caption(8, 11, (8, 9.8)), (8, 11)),
    "read before and said after": (caption(9.9, 12, (10.2, 11)), (11.9, 14)),
    "said on both sides": (caption(8, 12, (8, 9.8), (10.2, 12)), (8, 14)),
    "the first part of one that moves on the cut": (caption(8, 10, (8, 9.8), (10.2, 12)), (8, 12)),
    "its second part": (caption(10, 12, (8, 9.8), (10.2, 12)), (12, 14)),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_is_on_screen_moves_with_a_pause_that_is_put_back(name):
    graphic, meant = MOVES[name]
    plan = kept(cut_at_ten(graphics=[graphic], tail=3, stings=[Sting(file=FILE, at=9), Sting(file=FILE, at=18)]), 0)
    (moved,) = plan.graphics
    assert (moved.start, moved.end) == pytest.approx(meant)
    if isinstance(graphic, Caption):
        assert [w.start - old.start for w, old in zip(moved.lines[0], graphic.lines[0], strict=True)] == [
            pytest.approx(2 * (w.start > 10)) for w in graphic.lines[0]
        ]
    assert [sting.at for sting in plan.stings] == [9, 20]
    assert [pause.at for pause in plan.pauses] == [10, 17]
    assert spans(plan) == [(0, 20)] and plan.takes[0].speech == [(1, 9.8), (12.2, 19)]


def test_shots_that_were_one_are_one_again_and_others_meet_where_the_talk_goes_on():
    takes = cut_at_ten().takes
    other = taken(12, 20)
    other.shots[0].reason = "person 2 speaks"
    assert [(s.start, s.end) for s in kept(planned([takes[0], other], cut_at_ten().pauses), 0).takes[0].shots] == [
        (0, 12), (12, 20),
    ]  # fmt: skip
    takes[1].shots[0] = takes[0].shots[0].model_copy(update={"start": 12, "end": 20})
    assert [(s.start, s.end) for s in kept(planned(takes, cut_at_ten().pauses), 0).takes[0].shots] == [(0, 20)]


def test_a_plan_is_settled_once():
    plan = kept(cut_at_ten(), 0)
    assert tighten.settled(plan) == plan and tighten.settled(cut_at_ten()) == cut_at_ten()


def test_of_a_file_that_is_shown_twice_the_right_pause_comes_back():
    teaser, whole = taken(5, 15), taken(0, 20)
    pauses = [Pause(file=FILE, start=10, end=12, at=at) for at in (5, 20)]
    both = tighten.settled(planned([teaser, whole], pauses))
    assert spans(both) == [(5, 10), (12, 15), (0, 10), (12, 20)]
    assert spans(kept(both, 1)) == [(5, 10), (12, 15), (0, 20)]
    assert spans(kept(kept(both, 0), 0)) == [(5, 15), (0, 10), (12, 20)]
    assert kept(kept(both, 0)) == both


def test_a_pause_whose_takes_an_editor_took_away_is_left_alone():
    plan = cut_at_ten()
    plan.takes.pop()
    assert kept(plan, 0).takes == plan.takes


@pytest.mark.parametrize(
    "wrong", [[(3, 5), (4, 6)], [(3, 5), (3, 5)], [(5, 3)], [(10, 12), (10, 12)]],
    ids=["overlap", "twice", "backwards", "kept twice"],
)  # fmt: skip
def test_pauses_that_an_editor_wrote_wrongly_are_named(wrong):
    plan = cut_at_ten()
    plan.pauses = [Pause(file=FILE, start=a, end=b, at=a, kept=a == 10) for a, b in wrong]
    with pytest.raises(WrongUse, match=rf"pause from {wrong[-1][0]} to {wrong[-1][1]} s of a\.mp4"):
        tighten.settled(plan)


def test_a_pause_that_an_editor_no_longer_keeps_is_cut_again_and_takes_what_was_in_it_along():
    plan = kept(cut_at_ten(graphics=[TitleCard(start=1, end=14)]), 0)
    plan.graphics += [caption(10.2, 11.8, (10.2, 11.8)), caption(9, 11.5, (9, 11.5)), caption(13, 14, (13, 14))]
    again = kept(plan)
    assert spans(again) == [(0, 10), (12, 20)]
    assert [(g.start, g.end) for g in again.graphics] == [(1, 14), (9, 10), (11, 12)]


@pytest.mark.parametrize("at", [9.95, 12.02])
def test_a_cut_to_a_speaker_right_beside_a_join_comes_with_it(at):
    whole = planned([taken(0, at, 20)], [Pause(file=FILE, start=10, end=12, at=10)])
    plan = tighten.settled(whole)
    assert [(s.start, s.end, s.reason) for take in plan.takes for s in take.shots] == [
        (0, 10, "shot 0"), (12, 20, "shot 1"),
    ]  # fmt: skip
    assert [(s.start, s.end) for s in kept(plan, 0).takes[0].shots] == [(0, 12), (12, 20)]


def test_the_seconds_of_pauses_are_told_in_the_footage_s_own_clock():
    pauses = found([(1, 3), (5, 7), (9, 10)])
    plan = tighten.settled(planned([taken(0, 60)], tighten.marked(pauses, [8])))
    assert [p.at for p in plan.pauses] == pytest.approx([3.12, 5.36])
    assert tighten.joined_seconds(plan) == pytest.approx([3.12, 7.12])
    assert tighten.joined_seconds(kept(plan, 0)) == pytest.approx([3.12, 7.12])


def test_faces_on_the_sheet_are_those_of_each_piece_s_own_moment():
    sightings = [Sighting(t=n / 2, box=Box(x=5 * n, y=0, width=9, height=9), score=1) for n in range(40)]
    analysis = Analysis(shots=analysed(0, 20))
    for number, seen in ((4, sightings), (5, sightings[:8])):
        analysis.shots[0].tracks.append(Track(number=number, kind="face", sightings=seen))
    plan = cut_at_ten()
    for take in plan.takes:
        take.shots[0].identities = {4: 2, 5: 1}
    plan = framing.with_faces(plan, [analysis, analysis])
    assert [[(f.person, f.box.x) for f in take.shots[0].faces] for take in plan.takes] == [
        [(2, 35), (1, 35)],
        [(2, 145)],
    ]


# any talk

TALK = st.lists(st.tuples(st.floats(0.02, 10), st.floats(0.2, 4)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 4000), TALK, st.floats(0, 3)), min_size=1, max_size=3),
    st.sampled_from(RATES), st.floats(0.4, 2), st.lists(st.booleans(), min_size=24, max_size=24),
    st.sets(st.integers(0, 23)),
)  # fmt: skip
def test_any_talk_is_cut_between_words_on_frames_and_can_be_put_together_again(stretches, rate, longest, cuts, keep):
    takes, pauses, heard, offset = [], [], [], 0.0
    clock = Clock(rate)
    for start, talk, tail in stretches:
        speech, second = [], start
        for gap, length in talk:
            speech.append((round(second + gap, 3), round(second + gap + length, 3)))
            second = speech[-1][1]
        edges = [start, *((a + b) / 2 for (a, b), cut in zip(speech, cuts, strict=False) if cut), second + tail]
        own = analysed(*edges) if tail < 1 else analysed(edges[0], edges[-1])  # the footage's cuts, or to speakers
        takes.append(taken(*edges, speech=speech, file=Path(f"/{len(takes)}.mp4")))
        pauses.append(tighten.find(takes[-1].file, takes[-1].span, offset - start, own, speech, clock, longest))
        heard.append(speech)
        offset += clock.second(clock.frames(*takes[-1].span))

        limits = [b - a for (_, a), (b, _) in pairwise(speech) if longest < b - a <= LONGEST_PAUSE]
        assert len(pauses[-1]) == len(limits)
        for pause, limit in zip(pauses[-1], limits, strict=True):
            assert limit - 2 * LEFT - 2 / rate - 1e-6 <= pause.end - pause.start <= limit - 2 * LEFT + 1e-6
            assert all(b <= pause.start - LEFT + 1e-6 or a >= pause.end + LEFT - 1e-6 for a, b in speech)

    middles = [
        (a + b) / 2 + o for t, o in zip(takes, clock.offsets(t.span for t in takes), strict=True) for a, b in t.speech
    ]
    graphics = [LowerThird(start=a, end=b, name="Анна") for a, b in pairwise(middles)]
    whole = planned(takes, [p for own in pauses for p in own], rate, graphics=graphics, tail=3.5)
    cut = tighten.settled(whole)

    assert Plan.model_validate_json(cut.model_dump_json()) == cut
    gone = [p for own in pauses for p in own]
    lost = sum(clock.frame(p.end - p.start) for p in gone)
    assert cut.frame_count == whole.frame_count - lost and len(cut.takes) == len(takes) + len(gone)
    left = [
        (file, second, name) for file, second, name in frames_shown(whole)
        if not any(p.file == file and p.start - 1e-4 <= second < p.end - 1e-4 for p in gone)
    ]  # fmt: skip
    for one, other in zip(frames_shown(cut), left, strict=True):
        assert (one[0], one[2]) == (other[0], other[2]) and abs(one[1] - other[1]) < 1e-6
    assert [(take.file, s) for take in cut.takes for s in take.speech] == [(t.file, s) for t in takes for s in t.speech]
    for pause in cut.pauses:
        assert any(
            a.end == pause.start and abs(a.end + o - pause.at) < 1e-6
            for a, o in zip(cut.takes, cut.offsets, strict=True)
        )

    assert tighten.settled(whole.model_copy(update={"pauses": whole.pauses[::-1]})).graphics == cut.graphics
    some = kept(cut, *keep)
    assert some.takes == kept(whole, *keep).takes
    assert tighten.joined_seconds(some) == pytest.approx([p.at for p in whole.pauses], abs=1e-6)
    again = kept(cut, *range(len(gone)))
    assert again.takes == takes and again.frame_count == whole.frame_count
    assert [t for g in again.graphics for t in (g.start, g.end)] == pytest.approx(
        [t for g in graphics for t in (g.start, g.end)], abs=1e-6
    )
    assert [p.at for p in again.pauses] == pytest.approx([p.at for p in whole.pauses], abs=1e-6)


def frames_shown(plan):
    """File, footage second and shot of every frame."""
    return [
        (take.file, take.start + frame / float(plan.clock.rate), shown.reason)
        for take in plan.takes
        for shown, first, last in take_shots(plan, take)
        for frame in range(first, last)
    ]


# captions

PRESET = presets.load("plain")


def stretch(start, end, offset=0.0, file=None, speech=()):
    source = SimpleNamespace(file=FILE, subtitles=0)
    return Stretch(source, start, end, offset, Footage(file=FILE, captions=file), hearing=hearing(speech))


def for_episode(file, stretches, preset, duration, rate, gone):
    return captions_.for_episode(read(file, stretches, preset), stretches, preset, duration, rate, gone)


def srt(folder, *cues):
    file = folder / "a.srt"
    times = [(f"00:00:{a:06.3f} --> 00:00:{b:06.3f}", text) for a, b, text in cues]
    file.write_text("".join(f"{n}\n{when}\n{text}\n\n" for n, (when, text) in enumerate(times, 1)), "utf-8")
    return file


def said(captions):
    return [(w.text, round(w.start, 2), round(w.end, 2)) for c in captions for line in c.lines for w in line]


CUES = (1, 6, "Да вот да вот"), (8, 9.5, "Цех работает."), (12, 13.5, "Круглые сутки.")
SPEECH = [(1, 2), (5, 6), (8, 9.5), (12, 13.5)]
WITHOUT = [
    ("Да", 1.0, 1.5), ("вот", 1.5, 2.0), ("да", 2.24, 2.74), ("вот", 2.74, 3.24),
    ("Цех", 5.24, 5.54), ("работает.", 5.54, 6.74), ("Круглые", 7.24, 8.14), ("сутки.", 8.14, 8.74),
]  # fmt: skip


def test_captions_lose_the_pause_and_their_words_lie_where_somebody_speaks(tmp_path):
    file = srt(tmp_path, *CUES)
    gone = [(2.12, 4.88), (9.62, 11.62)]
    captions, warnings = for_episode(
        file, [stretch(10, 24, -10, None, [(a + 10, b + 10) for a, b in SPEECH])], PRESET, 14, 25, gone
    )
    assert said(captions) == WITHOUT and not warnings
    assert (captions[0].start, captions[-1].end) == pytest.approx((1, 8.74))
    own, _ = for_episode(None, [stretch(0, 14, 0, file, SPEECH)], PRESET, 14, 25, gone)
    assert own == captions


def test_captions_of_footage_lose_what_is_gone_of_the_files_before_it(tmp_path):
    parts = [stretch(0, 14, 0, None, SPEECH), stretch(0, 14, 14, srt(tmp_path, (1, 2, "Да вот")), [(1, 2)])]
    captions, _ = for_episode(None, parts, PRESET, 28, 25, [(2.12, 4.88), (9.62, 11.62)])
    assert said(captions) == [("Да", 10.24, 10.74), ("вот", 10.74, 11.24)]


def test_no_word_is_lost_that_the_file_has_in_a_pause(tmp_path):
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:07.000\nДа <00:02.500>нет <00:04.500>вот\n", "utf-8")
    captions, _ = for_episode(tmp_path / "a.vtt", [stretch(0, 9)], PRESET, 9, 25, [(2.0, 5.0)])
    assert said(captions) == [("Да", 1, 2), ("нет", 2, 2), ("вот", 2, 4)]
    captions, _ = for_episode(srt(tmp_path, (1, 7, "Да нет вот")), [stretch(0, 9)], PRESET, 9, 25, [(2.5, 5.5)])
    assert said(captions) == [("Да", 1, 2), ("нет", 2, 3), ("вот", 3, 4)]


def test_what_a_caption_file_knows_to_be_said_is_no_pause(tmp_path):
    vtt = tmp_path / "a.vtt"
    vtt.write_text("WEBVTT\n\n00:11.000 --> 00:14.000\nДа <00:11.400>вот <00:13.500>нет\n", "utf-8")
    stretches = [stretch(5, 20, 10)]
    assert said_unheard(read(vtt, stretches, PRESET), stretches) == [[(1.0, pytest.approx(1.4)), (3.5, 4.0)]]
    unheard = srt(tmp_path, (1, 3, "Слышно"), (4, 5, "Не слышно"))
    stretches = [stretch(0, 9, 0, unheard, [(1, 2)]), stretch(0, 9, 9)]
    assert said_unheard(read(None, stretches, PRESET), stretches) == [[(4.0, 5.0)], []]


# a whole episode


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Talk with a pause of two seconds and a flash with a click after it, then another shot: 5.2 s."""
    from tests.footage import Face, Scene, make, seated

    scenes = [
        Scene(4.4, [Face(seated(0.4), height=0.3, talks=[(0.3, 1.3), (3.4, 4.3)])]),
        Scene(0.8, [Face(seated(0.6), height=0.3)], seed=2),
    ]
    return make(tmp_path_factory.mktemp("talk") / "talk.mp4", scenes, (320, 180), flash=3.8)


def briefed(talk, **more):
    return make_brief({"footage": [{"file": talk.file}], "preset": "plain", "tighten": True, **more}, "test")


def plan_of(talk, cache_folder, **more):
    return episode.plan(briefed(talk, **more), Tools(cache=cache_folder))


@pytest.mark.slow
def test_picture_sound_and_captions_of_an_episode_lose_the_same_pause(talk, cache_folder, small, tmp_path, quick):
    cues = srt(tmp_path, (0.3, 1.3, "Цех работает."), (3.4, 4.3, "Круглые сутки."))
    plan, notes = plan_of(talk, cache_folder, captions=cues, delivery=str(small))
    (pause,) = plan.pauses
    gone = pause.end - pause.start
    assert 1.7 < gone < 2.1 - 2 * LEFT and pause.start >= talk.turns[0].end + LEFT - 0.02
    assert [n for n in notes if "1 pause taken out, 1.8 s in all" in n.text]
    assert plan.takes[0].speech + plan.takes[1].speech == [pytest.approx(t, abs=0.03) for t in ((0.3, 1.3), (3.4, 4.3))]
    files = episode.Files(tmp_path / "out" / "tight.mp4")
    episode.render(plan, files, quick)
    light, heard = seen_and_heard(files.video)
    assert len(light) == plan.frame_count == round((5.2 - gone) * 25)
    assert int(np.argmax(light)) == round((3.8 - gone) * 25)
    _, said = seen_and_heard(talk.file)
    words = said[round(3.4 * 48000) : round(4.3 * 48000)]
    around = heard[round((3.3 - gone) * 48000) : round((4.4 - gone) * 48000)]
    assert abs(int(np.argmax(np.correlate(around, words))) / 48000 - 0.1) < 0.005
    shown = [(g.start, g.end) for g in plan.graphics if isinstance(g, Caption)]
    assert [t for span in shown for t in span] == pytest.approx([0.3, 1.3, 3.4 - gone, 4.3 - gone], abs=0.05)


def seen_and_heard(file):
    """Mean of each frame, and the sound at 48 kHz."""
    with av.open(str(file)) as container:
        light = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    with av.open(str(file)) as container:
        resampler = av.AudioResampler("flt", "mono", 48000)
        parts = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
    return light, np.concatenate(parts)


@pytest.mark.slow
def test_a_pause_that_is_kept_in_the_plan_is_written_back_beside_the_sheet(talk, cache_folder, tmp_path):
    plan, _ = plan_of(talk, cache_folder)
    plan.pauses[0].kept = True
    files = episode.Files(tmp_path / "kept.mp4")
    episode.plan_files(plan, files)
    written = episode.read_plan(files.plan)
    untouched, _ = plan_of(talk, cache_folder, tighten=False)
    assert bare(written) == bare(untouched) and written.pauses[0].kept
    assert written.frame_count == untouched.frame_count == 130


def bare(plan):
    """The takes without the faces, which are those of other moments."""
    return [
        take.model_copy(update={"shots": [shot.model_copy(update={"faces": []}) for shot in take.shots]})
        for take in plan.takes
    ]


def test_a_brief_keeps_a_pause_by_its_second_in_the_footage(talk, cache_folder):
    plan, notes = plan_of(talk, cache_folder, keep_pauses=[2.5])
    assert len(plan.takes) == 1 and plan.pauses[0].kept and [n.code for n in notes] == ["nothing-tightened"]
    with pytest.raises(WrongUse, match=r"nearest is from 1\.4"):
        plan_of(talk, cache_folder, keep_pauses=[4.5])


def test_the_editor_s_shots_are_meant_in_the_time_that_is_seen(talk, cache_folder):
    plan, _ = plan_of(talk, cache_folder, shots=[{"at": 3.0, "show": "fit"}])
    assert [s.layout == "fit" for take in plan.takes for s in take.shots][-2:] == [False, True]
    with pytest.raises(WrongUse, match=r"no shot at 4 s: the footage shown lasts 3\.3"):
        plan_of(talk, cache_folder, shots=[{"at": 4.0, "show": "fit"}])


def test_an_episode_that_is_short_enough_without_its_pauses_is_made(talk, cache_folder, monkeypatch):
    short = delivery.load("vk-clips").model_copy(update={"longest_seconds": 4.0})
    monkeypatch.setattr(episode.delivery, "load", lambda name: short)
    assert plan_of(talk, cache_folder)[0].duration < 4
    for more in ({"tighten": False}, {"keep_pauses": [2.5]}):
        with pytest.raises(WrongUse, match="would last 5 s"):
            plan_of(talk, cache_folder, **more)
