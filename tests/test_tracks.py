"""Faces found and followed in made footage: small ones, hidden ones, people who cross, walk by, run, and cuts."""

from dataclasses import replace

import numpy as np
import pytest

from basis.boxes import Box
from pipeline import analysis
from pipeline.analysis import tracks
from pipeline.analysis.types import Face as Found
from pipeline.footage.source import probe
from tests import footage
from tests.footage import Face, Scene, Thing, seated, walk

NEAR = 0.5  # face heights within which a sighting is of the true face


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tracks")


def followed(folder, scenes, **options):
    """The footage, and the face chains of each of its scenes."""
    video = footage.make(folder / "faces.mp4", scenes, **{"rate": 10, "sound": None, **options})
    source = probe(video.file)
    looked = analysis.look(source, 0, source.duration, "")
    edges = [0.0, *(cut / float(video.rate) for cut in video.cuts), source.duration]
    chains = [
        tracks.link(
            [(t, [f for at, f in looked.found["faces"] if at == t]) for t in looked.times if a - 1e-6 <= t < b - 1e-6]
        )
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    return video, chains


def whose(video, chain):
    """For each sighting of a chain the person whose face is nearest, -1 where none is near."""
    result = []
    for t, face in chain:
        seen = video.people[min(round(t * float(video.rate)), len(video.people) - 1)]
        middle = np.array(face.box.sides).reshape(2, 2).mean(axis=0)
        apart = [np.linalg.norm(middle - s.box[:2] - np.array(s.box[2:]) / 2) / s.box[3] for s in seen]
        nearest = int(np.argmin(apart))
        result.append(seen[nearest].who if apart[nearest] <= NEAR else -1)
    return result


def bridges(chain):
    """The longest time without a real sighting, in seconds, and without any."""
    real = [t for t, face in chain if not face.unseen]
    return max(np.diff(real), default=0.0), max(np.diff([t for t, _ in chain]), default=0.0)


@pytest.mark.parametrize("size", [(640, 360), (1280, 720)])
def test_small_faces_are_found(folder, size):
    """5% of the height is 18 pixels of 360, and the same people are found in larger pictures."""
    faces = [Face(seated(0.3, 0.002), height=0.05, top=0.4), Face(seated(0.7, 0.002, 1), height=0.055, top=0.38, who=2)]
    video, (chains,) = followed(folder, [Scene(1.4, faces, seed=11)], size=size)
    assert len(chains) == 2
    assert sorted(set(whose(video, chain)).pop() for chain in chains) == [0, 2]
    assert all(chain[-1][0] - chain[0][0] > 1.0 for chain in chains)


@pytest.mark.parametrize("at", [seated(0.4), walk((0, 0.3), (4, 0.6))])
def test_head_that_turns_away_is_bridged(folder, at):
    video, (chains,) = followed(folder, [Scene(4, [Face(at, who=4, away=[(1.2, 2.5)])], ground="gravel")])
    (chain,) = chains
    assert set(whose(video, chain)) == {4}
    assert chain[0][0] < 0.3 and chain[-1][0] > 3.7
    assert 0.5 < bridges(chain)[0] <= tracks.LONGEST_GAP + 0.5


def test_head_that_stays_away_is_let_go(folder):
    video, (chains,) = followed(folder, [Scene(4.5, [Face(seated(0.4), away=[(1.2, 9)])], ground="gravel")])
    (chain,) = [chain for chain in chains if 0 in whose(video, chain)]
    assert 1.0 < chain[-1][0] < 1.4 + tracks.LONGEST_GAP + 0.2


def test_face_behind_a_pillar_stays_one_track(folder):
    pillar = Thing("pillar", 0.5, 1.4, -0.1, in_front=True)
    video, (chains,) = followed(folder, [Scene(5, [Face(walk((0, 0.25), (5, 0.75)), who=1)], things=[pillar], seed=5)])
    assert len(chains) == 1
    assert set(whose(video, chains[0])) == {1}
    assert chains[0][0][0] < 0.3 and chains[0][-1][0] > 4.7


@pytest.mark.parametrize("twins", [False, True])
def test_people_who_cross_keep_their_tracks(folder, twins):
    """Twins are told only by the way that they go."""
    faces = [
        Face(walk((0, 0.15), (5, 0.85)), who=3),
        Face(walk((0, 0.85), (5, 0.15)), who=4, top=0.3, height=0.28, mirrored=twins),
    ]
    video, (chains,) = followed(folder, [Scene(5, faces)])
    assert len(chains) == 2
    for chain, first in zip(sorted(chains, key=lambda c: c[0][1].box.x), (3, 4), strict=True):
        assert {who for who, (t, _) in zip(whose(video, chain), chain, strict=True) if not 2 < t < 3} == {first}
        assert chain[-1][0] > 4.5


def test_passer_by_does_not_take_the_track(folder):
    sits = Face(seated(0.45), who=5, height=0.22)
    walks = Face(walk((0, -0.1), (0.5, -0.1), (3.5, 1.1), (5, 1.1)), who=2, height=0.3, top=0.2)
    video, (chains,) = followed(folder, [Scene(5, [sits, walks])])
    longest = chains[0]
    assert longest[0][0] < 0.3 and longest[-1][0] > 4.7
    real = [who for who, (_, face) in zip(whose(video, longest), longest, strict=True) if not face.unseen]
    assert real.count(5) >= 0.9 * len(real)
    assert whose(video, longest)[-1] == 5


def test_somebody_who_runs_past_is_one_track(folder):
    """The whole width in 1.5 s: more than a face's height from look to look."""
    video, (chains,) = followed(folder, [Scene(2, [Face(walk((0, -0.1), (0.2, -0.1), (1.7, 1.1)), who=2)], seed=20)])
    assert len(chains) == 1
    assert set(whose(video, chains[0])) == {2}
    assert chains[0][-1][0] - chains[0][0][0] >= 0.7


def test_nothing_is_carried_across_a_cut(folder):
    scenes = [Scene(1.4, [Face(0.3, who=1)], seed=4), Scene(1.4, [], ground="coffee"), Scene(1.4, [Face(0.3)], seed=6)]
    video, (first, empty, last) = followed(folder, scenes)
    assert [len(first), len(empty), len(last)] == [1, 0, 1]
    assert set(whose(video, first[0])) == {1} and set(whose(video, last[0])) == {0}
    assert last[0][0][0] >= 2.8 - 1e-6


def face(x, score=0.9, size=60.0, **changes):
    return replace(Found(Box(x=x, y=100, width=size * 0.75, height=size), score, ((x, 100.0),) * 5), **changes)


def looks(*found):
    return [(n * 0.2, list(faces)) for n, faces in enumerate(found)]


def test_single_detections_are_dropped():
    seen = looks(*([face(100 + n)] for n in range(10)))
    seen[4][1].append(face(400))
    chains = tracks.link(seen)
    assert [len(chain) for chain in chains] == [10]
    assert tracks.link(looks([], [face(400)], [], [], [])) == []
    assert len(tracks.link(looks([face(400)], []))) == 1  # a shot of two looks has no second chance


def test_what_is_never_surely_a_face_is_none():
    """A badge on a suit, a helmet from behind: found again and again, but never for sure."""
    doubtful = [[face(100 + n, 0.66 + 0.01 * (n % 5))] for n in range(10)]
    assert tracks.link(looks(*doubtful)) == []
    doubtful[6] = [face(106, 0.8)]
    assert [len(chain) for chain in tracks.link(looks(*doubtful))] == [10]


def test_carried_faces_alone_are_no_track():
    assert tracks.link(looks([], *([face(100 + n, unseen=0.2 * n)] for n in range(1, 6)))) == []


def test_longest_gap():
    for gap, count in ((tracks.LONGEST_GAP - 0.1, 1), (tracks.LONGEST_GAP + 0.1, 2)):
        seen = [(0.0, [face(100)]), (0.2, [face(101)]), (0.2 + gap, [face(102)]), (0.4 + gap, [face(103)])]
        assert len(tracks.link(seen)) == count


def test_a_second_face_far_away_is_somebody_else():
    chains = tracks.link(looks([face(100)], [face(101), face(300)], [face(102), face(302)], [face(103), face(304)]))
    assert sorted(chain[0][1].box.x for chain in chains) == [100, 300]


def test_face_that_stuck_to_the_background_is_cut_out():
    walked = [[face(100 + 20 * n)] for n in range(4)]
    stuck = [[face(160, unseen=0.2 * (n + 1))] for n in range(3)]
    (chain,) = tracks.link(looks(*walked, *stuck, *([face(240 + 20 * n)] for n in range(3))))
    assert not any(one.unseen for _, one in chain)
    assert chain[-1][1].box.x == 280


def test_picture_on_a_wall_counts_less_than_who_moves():
    rng = np.random.default_rng(1)
    places = np.cumsum(rng.normal(0, 2, 30))
    seen = looks(*([face(100 + d), face(400 + rng.normal(0, 0.1))] for d in places))
    scores = {round(chain[0][1].box.x, -2): chain[0][1].score for chain in tracks.link(seen)}
    assert scores[100] == 0.9
    assert scores[400] < 0.5
