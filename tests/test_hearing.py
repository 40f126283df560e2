"""What is heard of footage is measured once: a second plan, or another range of it, listens to nothing again."""

from dataclasses import asdict

import ffmpeg
import numpy as np
import pytest

from basis.tools import Tools
from pipeline.brief import Footage
from pipeline.footage import ffmpeg_tool, source
from pipeline.listening.hearing import listen
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
