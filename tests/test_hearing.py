"""What is heard of footage is measured once: a second plan, or another range of it, listens to nothing again."""

import os
from dataclasses import asdict

import av
import ffmpeg
import numpy as np
import pytest

from basis.errors import MachineFailed
from basis.tools import Tools
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool, source
from pipeline.listening.hearing import listen, notes
from pipeline.synthetic import demo
from tests.sounds import RATE, write

SECONDS = 36  # more than a block
VOICE = demo.voice(SECONDS, [(4 * n + 0.3, 4 * n + 2.8) for n in range(9)], 3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Footage with a distant voice on its right side, and a recorder that began two seconds before it."""
    folder = tmp_path_factory.mktemp("heard")
    far = write(folder / "far.wav", np.stack([0 * VOICE, 0.3 * VOICE + demo.machines(SECONDS, 2)], axis=1))
    picture = ffmpeg.input(f"color=size=16x16:rate=5:duration={SECONDS}", f="lavfi")["v"]
    inputs = picture, ffmpeg.input(str(far))["a"]
    ffmpeg_tool.run(ffmpeg.output(*inputs, str(folder / "a.mov"), acodec="pcm_s16le", vcodec="mpeg4"))
    write(folder / "lav.wav", np.concatenate([np.zeros(2 * RATE), 0.2 * VOICE]))
    return source.probe(folder / "a.mov")


@pytest.fixture
def started(monkeypatch):
    """The commands that were started, as they are."""
    commands, start = [], ffmpeg_tool.start
    monkeypatch.setattr(
        ffmpeg_tool, "start", lambda command, **pipes: commands.append(command) or start(command, **pipes)
    )
    return commands


def plain(hearing):
    """A hearing that can be compared."""
    return asdict(hearing) | {"speech": [part.tolist() for part in map(np.asarray, asdict(hearing.speech).values())]}


@pytest.mark.slow
@pytest.mark.parametrize("audio", [None, "lav.wav"])
def test_a_range_inside_what_was_heard_is_not_listened_to_again(made, started, tmp_path, audio):
    wanted = Footage(file=made.file, audio=audio and made.file.with_name(audio))
    tools = Tools(cache=tmp_path)
    whole = listen(made, wanted, 0, SECONDS, "content", tools)
    assert started
    started.clear()
    assert plain(listen(made, wanted, 0, SECONDS, "content", tools)) == plain(whole)
    moved = listen(made, wanted, 5.2, 33.7, "content", tools)
    assert not started
    assert plain(listen(made, wanted, 5.2, 33.7, "content")) == plain(moved)  # whatever the cache holds
    assert started and moved.channels == ("mono" if audio else "right")
    assert moved.speech.stretches[1:-1] == whole.speech.stretches[2:-1] and moved.speech.stretches[0][0] == 5.2


@pytest.mark.slow
def test_another_wish_for_the_channels_listens_to_what_it_needs(made, started, tmp_path):
    tools = Tools(cache=tmp_path)
    listen(made, Footage(file=made.file), 0, 8, "content", tools)
    started.clear()
    listen(made, Footage(file=made.file, channels="left"), 0, 8, "content", tools)
    assert len(started) == 1  # for speech, which may be on that side alone
    started.clear()
    listen(made, Footage(file=made.file), 0, SECONDS, "content", tools)
    assert len(started) == 2  # the second block, for its channels and for speech


NOISE = np.random.default_rng(1).normal(0, 0.05, 6 * RATE)


def filmed(file, sound=NOISE, **options):
    """6 s of a small grey picture with this sound."""
    heard = write(file.with_name("sound.wav"), sound)
    picture = ffmpeg.input("color=gray:size=32x32:rate=25:duration=6", f="lavfi")["v"]
    late = options.pop("late", 0)
    options = {"vcodec": "mpeg4"} | options
    ffmpeg_tool.run(ffmpeg.output(picture, ffmpeg.input(str(heard), itsoffset=late)["a"], str(file), **options))
    return file


def zeroed(file, first, last):
    """The file with the sound's packets of these seconds zeroed, as a card leaves a bad sector."""
    data = bytearray(file.read_bytes())
    with av.open(str(file)) as container:
        for packet in container.demux(container.streams.audio[0]):
            if packet.pts is not None and first <= packet.pts * packet.time_base < last:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    file.write_bytes(data)
    return file


def cut_out(file, first, last):
    """The file without these shares of its 188-byte packets."""
    data = file.read_bytes()
    a, b = (round(share * len(data) / 188) * 188 for share in (first, last))
    file.write_bytes(data[:a] + data[b:])
    return file


DAMAGE = {
    "zeroed": (lambda at: zeroed(filmed(at / "a.mp4", acodec="aac"), 2, 4), "damaged-sound", 2, "lost from 2.0"),
    "digital silence": (lambda at: zeroed(filmed(at / "a.mov", acodec="pcm_s16le"), 2, 4), "damaged-sound", 2, "not even hiss"),
    "cut out": (lambda at: cut_out(filmed(at / "a.ts", acodec="mp2"), 0.35, 0.65), "damaged-sound", 2.1, "missing there"),
    "all of it": (lambda at: zeroed(filmed(at / "a.mp4", acodec="aac"), -1, 9), "damaged-sound", 0, "from 0.00 to 6.00"),
    "ends early": (lambda at: filmed(at / "a.mkv", NOISE[: 4 * RATE]), "short-sound", 4, "ends at 4.0"),
    "begins late": (lambda at: filmed(at / "a.mkv", NOISE[: round(4.5 * RATE)], late=1.5), "short-sound", 0, "begins at 1.5"),
    "goes on": (lambda at: filmed(at / "a.mov", np.tile(NOISE, 2), acodec="pcm_s16le"), "long-sound", None, "6.0 s after"),
    "whole": (lambda at: filmed(at / "a.mp4", acodec="aac"), None, None, ""),
    "gated": (lambda at: filmed(at / "a.mov", NOISE * (np.arange(6 * RATE) % RATE < RATE / 3), acodec="pcm_s16le"), None, None, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_lost_of_the_sound_is_said_with_its_seconds(tmp_path, name):
    make, code, at, text = DAMAGE[name]
    made = source.probe(make(tmp_path))
    said = notes(made, listen(made, Footage(file=made.file), 0, made.duration, ""), made.duration, 10, [])
    assert [note.code for note in said] == ([code] if code else [])
    if code:
        assert text in said[0].text and made.file.name in said[0].text
        assert said[0].at is None if at is None else said[0].at == pytest.approx(10 + at, abs=0.15)


def test_lost_sound_that_is_not_shown_is_not_told_and_counts_where_it_is_heard(tmp_path):
    made = source.probe(zeroed(filmed(tmp_path / "a.mov", acodec="pcm_s16le"), 2, 4))
    hearing = listen(made, Footage(file=made.file), 0, 6, "")
    assert notes(made, hearing, 6, 0, [(1.9, 4.1)]) == []
    (note,) = notes(made, hearing, 6, 0, [(0.5, 1.5), (1.9, 3)])
    assert note.at == pytest.approx(0.9, abs=0.01)
    assert notes(made, listen(made, Footage(file=made.file), 4.2, 6, ""), 6, 0, []) == []


@pytest.mark.skipif(os.name != "posix", reason="a script stands for ffmpeg")
def test_a_decoder_that_gives_nothing_is_told_and_one_that_is_killed_is_no_silence(tmp_path):
    made = source.probe(filmed(tmp_path / "a.mp4", acodec="aac"))
    script = tmp_path / "ffmpeg"
    real = ffmpeg_tool.executable()

    def heard(end):
        script.write_text(f'#!/bin/sh\ncase "$*" in *ashowinfo*) {end};; esac\nexec "{real}" "$@"\n')
        script.chmod(0o755)
        return listen(made, Footage(file=made.file), 0, 6, "", Tools(ffmpeg=script))

    (note,) = notes(made, heard("exit 0"), 6, 0, [])
    assert note.code == "damaged-sound" and "from 0.00 to 6.00" in note.text
    with pytest.raises(MachineFailed):
        heard("kill -9 $$")
