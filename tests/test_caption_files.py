"""Caption files as programs and people really leave them: read rightly, said to be wrong, or refused by name."""

import json
import re
from fractions import Fraction
from types import SimpleNamespace

import ffmpeg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from basis.clock import Clock
from basis.errors import EpisodeError, Unusable
from jobs.check import check_season
from jobs.manifest import read_season
from pipeline import captions as captions_
from pipeline.brief import Footage
from pipeline.captions import subtitles
from pipeline.captions.formats import times
from pipeline.captions.reading import parse, read_captions
from pipeline.footage import ffmpeg_tool, source
from pipeline.stretch import Stretch
from pipeline.verify import subtitled
from presets.graphics import Caption, Word

FIRST, SECOND = "Первая плавка идёт.", "Смотрите на печь."
TIMES = ((0.3, 1.9), (2.0, 3.8))


def srt(*texts, times=("00:00:00,300 --> 00:00:01,900", "00:00:02,000 --> 00:00:03,800")):
    return "\n".join(f"{n}\n{at}\n{text}\n" for n, (at, text) in enumerate(zip(times, texts, strict=False), 1))


TALK = srt(FIRST, SECOND)


def said(text, name="a.srt"):
    """What a file says, when, and the codes of what is noted of it."""
    cues, notes = parse(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"), name)
    return (
        [" ".join(w.text for w in cue.words) for cue in cues],
        [(cue.start, cue.end) for cue in cues],
        [n.code for n in notes],
    )


def twice(encoding, text=TALK):
    """UTF-8 that was read in another encoding and saved again, as editors do it."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


def flat(text):
    """Words with times of their own, a word each 0.4 s from 0.3 s on."""
    return [
        {"word": w, "start": round(0.3 + 0.4 * n, 1), "end": round(0.6 + 0.4 * n, 1)}
        for n, w in enumerate(text.split())
    ]


SEGMENTS = [{"start": a, "end": b, "text": f" {text}"} for (a, b), text in zip(TIMES, (FIRST, SECOND), strict=True)]
CUES = f"1\n00:00.300 --> 00:01.900\n{FIRST}\n\n2\n00:02.000 --> 00:03.800\n{SECOND}\n"
CPP = [
    {"timestamps": {}, "offsets": {"from": int(1000 * a), "to": int(1000 * b)}, "text": f" {text}"}
    for (a, b), text in zip(TIMES, (FIRST, SECOND), strict=True)
]
JSON3 = [
    {"tStartMs": 300, "dDurationMs": 3000, "segs": [{"utf8": "Первая"}, {"utf8": " плавка", "tOffsetMs": 500}, {"utf8": " идёт.", "tOffsetMs": 900}]},
    {"tStartMs": 1900, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]},
    {"tStartMs": 2000, "dDurationMs": 1800, "segs": [{"utf8": SECOND}]},
]  # fmt: skip
READ = {  # each says FIRST and SECOND
    "utf-16 without its mark": TALK.encode("utf-16-le"),
    "utf-16 of the other order": TALK.encode("utf-16-be"),
    "utf-32": TALK.encode("utf-32"),
    "zeros at its end": TALK.encode() + bytes(100),
    "three ends of lines": TALK.replace("\n", "\r\r\n"),
    "a blank line after each": TALK.replace("\n", "\n\n"),
    "two files joined": "\n\ufeff1".join(("\ufeff" + TALK).rsplit("\n2", 1)),
    "no thousandths": srt(FIRST, SECOND, times=("00:00:00 --> 00:00:02", "00:00:02 --> 00:00:04")),
    "no hours": srt(FIRST, SECOND, times=("00:00,300 --> 00:01,900", "00:02,000 --> 00:03,800")),
    "full stops": TALK.replace(",", "."),
    "spaces of a translation program": TALK.replace(":", ": ").replace("-->", "->"),
    "an arrow of a word processor": TALK.replace("-->", "—>"),
    "no blank lines": re.sub("\n\n", "\n", TALK),
    "no numbers": re.sub(r"(?m)^\d\n", "", TALK),
    "coordinates": TALK.replace("900\n", "900  X1:10 X2:20 Y1:1 Y2:2\n"),
    "vtt with commas": "WEBVTT\n\n" + TALK,
    "vtt without hours": "WEBVTT\n\n" + CUES,
    "vtt of hls": "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n" + CUES,
    "vtt with styles": "WEBVTT - заголовок\nKind: captions\n\nSTYLE\n::cue {\n  color: red;\n}\n\nREGION\nid:fred\n\nNOTE Черновик\n\nintro\n"
    + CUES.partition("\n")[2].replace("\n\n2", " \n\nNOTE\nещё заметка\n").replace("Первая", "<v Иван Петров><c.yellow>Первая</c>"),
    "semicolons": TALK.replace(",", ";"),
    "numbers with full stops": re.sub(r"(?m)^(\d)$", r"\1.", TALK),
    "copied from a chat": f"```srt\n{TALK}```\n",
    "printed by whisper": f"[00:00.300 --> 00:01.900]  {FIRST}\n[00:02.000 --> 00:03.800]  {SECOND}\n",
    "subviewer": f"[INFORMATION]\n[TITLE]\n[END INFORMATION]\n[SUBTITLE]\n00:00:00.30,00:00:01.90\nПервая плавка[br]идёт.\n\n00:00:02.00,00:00:03.80\n{SECOND}\n",
    "microdvd with its rate": "{1}{1}10\n{3}{19}{y:i}Первая плавка|идёт.\n{20}{38}Смотрите на печь.\n",
    "ttml of old": '<?xml version="1.0"?><tt xmlns="http://www.w3.org/2006/10/ttaf1"><body><div><p begin="0.3s" end="1.9s">Первая<br/>плавка идёт.</p>'
    f'<p begin="2s" end="3.8s">{SECOND}</p></div></body></tt>',
    "sami": f"<SAMI><BODY><SYNC Start=300><P Class=R>{FIRST}<SYNC Start=1900><P Class=R>&nbsp;<SYNC Start=2000><P Class=R>{SECOND}<SYNC Start=3800><P Class=R>&nbsp;</BODY></SAMI>",
    "whisper": json.dumps({"segments": SEGMENTS}),
    "segments alone": json.dumps(SEGMENTS),
    "times as text": json.dumps({"segments": [one | {"start": f"{one['start']}s", "end": f"00:00:0{one['end']}"} for one in SEGMENTS]}),
    "times as thousandths": json.dumps({"segments": [one | {key: int(1000 * one[key]) for key in ("start", "end")} for one in SEGMENTS]}),
    "an end of null": json.dumps({"segments": [SEGMENTS[0], SEGMENTS[1] | {"end": None}]}),
    "an end of nan": json.dumps({"segments": [SEGMENTS[0], SEGMENTS[1] | {"end": float("nan")}]}),
    "whisper.cpp": json.dumps({"systeminfo": "AVX = 1", "result": {"language": "ru"}, "transcription": CPP}),
    "openai's words": json.dumps({"task": "transcribe", "text": f"{FIRST} {SECOND}", "words": flat(f"{FIRST} {SECOND}".replace(".", ""))}),
    "hugging face": json.dumps({"text": "x", "chunks": [{"timestamp": [0.3, 1.9], "text": f" {FIRST}"}, {"timestamp": [2.0, None], "text": SECOND}]}),
    "vosk": "".join(json.dumps({"result": flat(text), "text": text}) + "\n" for text in (FIRST, SECOND)),
    "words alone": json.dumps(flat(FIRST) + [word | {"start": word["start"] + 1.7, "end": word["end"] + 1.7} for word in flat(SECOND)]),
    "words in thousandths": json.dumps({"words": [{"text": w["word"], "start": int(1000 * w["start"] + 0.5), "end": int(1000 * w["end"] + 0.5)} for w in flat(f"{FIRST} {SECOND}")]}),
    "premiere's transcript": json.dumps({"language": "ru-ru", "segments": [
        {"start": a, "duration": b - a, "words": [{"text": w, "start": a + n / 2, "duration": 0.4} for n, w in enumerate(text.split())]}
        for (a, b), text in zip(TIMES, (FIRST, SECOND), strict=True)
    ]}),
    "youtube's json3": json.dumps({"wireMagic": "pb3", "events": JSON3}),
    "ass with a broken style": "[Script Info]\n\n[V4+ Styles]\nStyle: D,Arial,x\n\n[Events]\nDialogue: 0,0:00:00.30,0:00:01.90,D,,0,0,0,,{\\b1}Первая{\\p1}m 0 0 l 9 9{\\p0} плавка\\Nидёт.\n"
    f"Comment: 0,0,0,D,,0,0,0,,нет\nDialogue: 0,0:00:02.00,0:00:03.80,D,,0,0,0,,{SECOND}\n",
}  # fmt: skip
for _encoding in ("cp1251", "cp866", "koi8-r", "mac-cyrillic", "iso8859-5"):
    READ[f"in {_encoding}"] = TALK.replace("\n", "\r\n").encode(_encoding)
for _encoding in ("cp1251", "cp1252", "cp866", "koi8-r"):
    READ[f"utf-8 taken for {_encoding}"] = twice(_encoding)


@pytest.mark.parametrize("name", READ)
def test_what_programs_write_is_read(name):
    texts, shown, notes = said(READ[name])
    assert texts == [FIRST, SECOND]
    assert (
        name in ("no thousandths", "vosk", "premiere's transcript")
        or "words" in name
        or shown[0] == pytest.approx((0.3, 1.9), abs=0.11)
    )
    assert shown[1][0] == pytest.approx(2.0, abs=0.51 if "words" in name else 0.01) or name == "vosk"
    unsure = ("mac-", "iso8859", "taken for", "thousandths", "null", "nan", "hugging")
    assert bool(notes) == (any(word in name for word in unsure) and name != "no thousandths")


MEANT = {  # a text in a cue, and what is shown
    "less than": ("Если I<Imax и U>Umin, t<5 °C и P>3", "Если I<Imax и U>Umin, t<5 °C и P>3"),
    "less than a tag": ("если a < b > c, то v<v макс> и i <3", "если a < b > c, то v<v макс> и i <3"),
    "tags": ("<i>Да</i> <font color='red'>вот</font> <c.red>так</c> < b >и< / b > <lang ru>тут</lang>", "Да вот так и тут"),
    "no tags": ("<script>alert(1)</script> <домну> <!-- x -->", "<script>alert(1)</script> <домну> <!-- x -->"),
    "braces": ("{смех} {А, Б} {\\an8}верх \\{{}да} {незакрыт", "{смех} {А, Б} верх {да} {незакрыт"),
    "backslashes": ("C:\\new \\N \\h", "C:\\new \\N \\h"),
    "references": ("R&amp;D &lt;i&gt; a&b &copy2 AT&T", "R&D <i> a&b &copy2 AT&T"),
    "marks of readers": ("<@1000> \u2060<\u2060b> {\u2060\\an8}", "<@1000> <b> {\\an8}"),
    "no-break spaces": ("печь номер\u00a0семь в\u202fгод", "печь номер\u00a0семь в\u202fгод"),
    "nothing but no-break spaces": ("\u00a0".join(["слово"] * 9), " ".join(["слово"] * 9)),
    "invisible": ("ста\u00adле\u200bвар \u202eназад\u202c \u200b \u0007", "сталевар назад"),
    "surrogates": ("цех \ud83d", "цех \ufffd\ufffd\ufffd"),
    "marks": ("за\u0301мок и\u0306 е\u0308 а" + "\u0301" * 900, "за\u0301мок й ё а\u0301\u0301\u0301"),
    "emoji": ("👨‍👩‍👧 🇷🇺 ❤️", "👨‍👩‍👧 🇷🇺 ❤️"),
    "two speakers on a line": ("- Где печь? - Вон там.", "— Где печь? — Вон там."),
    "two speakers on two": ("-Идём?\n–\u00a0Идём, -5 °C.", "— Идём? — Идём, -5 °C."),
    "a year": ("Был год\n1917", "Был год 1917"),
    "a blank line inside": ("Был\n\nгод", "Был год"),
    "commands": ("file '/etc/passwd' [0:v]scale=1[v] $(id) %{pts}", "file '/etc/passwd' [0:v]scale=1[v] $(id) %{pts}"),
    "not russian": ("Größe ґанок Қазақ җыр Բարեւ שלום 你好", "Größe ґанок Қазақ җыр Բարեւ שלום 你好"),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_a_text_is_shown_as_it_is_meant(name):
    written, meant = MEANT[name]
    texts, _, _ = said(srt(written, SECOND))
    assert texts == [meant, SECOND]


NOTED = {  # a file, what it says, and the one thing that is noted of it
    "a broken letter": (TALK.encode()[:-4] + b"\xd1.\n", [FIRST, "Смотрите на печ\ufffd."], "broken-letters", "line 7"),
    "a broken letter after a mark": (b"\xef\xbb\xbf" + TALK.encode()[:-4] + b"\xd1.\n", [FIRST, "Смотрите на печ\ufffd."], "broken-letters", "line 7"),
    "two encodings": (srt(FIRST, "").encode() + srt("", SECOND)[38:].encode("cp1251"), [FIRST, SECOND], "mixed-encodings", "CP1251: line 9"),
    "western": (srt("Für Männer é", "Grüße").encode("cp1252"), ["Für Männer é", "Grüße"], "guessed-encoding", "CP1252"),
    "kazakh": (srt("Қазақстан әні", SECOND).encode("kz1048"), ["Қазақстан әні", SECOND], "guessed-encoding", "KZ-1048"),
    "before the start": (srt("Было.", FIRST, SECOND, times=("-00:00:02,000 --> -00:00:00,500", "-00:00:00,400 --> 00:00:01,200", "00:00:02,000 --> 00:00:03,800")), [FIRST, SECOND], "before-start", "«Было.» at -2.0 s"),
    "backwards": (srt(FIRST, SECOND, times=("00:00:01,900 --> 00:00:00,300", "00:00:02,900 --> 00:00:03,800")), [FIRST, SECOND], "backwards-cue", "1.9 s"),
    "broken times": (srt(FIRST, "нет", times=("00:00:00,300 --> 00:00:01,900", "00:00:0x,000 --> 00:00:03,000")), [FIRST], "broken-cue", "line 6"),
    "a text of no caption": (f"Перевод: Иванов\n\n{TALK}", [FIRST, SECOND], "stray-text", "line 1 «Перевод: Иванов»"),
    "a text behind a cue of vtt": (f"WEBVTT\n\n{CUES.replace('идёт.', 'идёт.' + chr(10) * 2 + 'Потеряно')}", [FIRST, SECOND], "stray-text", "«Потеряно»"),
    "a loop": ("".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\nПродолжение следует...\n\n" for n in range(5)), ["Продолжение следует..."], "repeated-captions", "at 3.0 s and 1 more"),
    "rolls": (srt("мы тут", "мы тут\nплавим", times=("00:00:01,000 --> 00:00:02,000", "00:00:02,000 --> 00:00:03,000")), ["мы тут", "плавим"], "rolled-captions", "«мы тут плавим» at 2.0 s"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_what_cannot_be_taken_as_it_is_written_is_said(name):
    raw, meant, code, part = NOTED[name]
    cues, notes = parse(raw if isinstance(raw, bytes) else raw.encode(), "a.srt")
    assert [" ".join(w.text for w in cue.words) for cue in cues] == meant
    assert [note.code for note in notes] == [code] and part in notes[0].text and "a.srt" in notes[0].text
    assert all(cue.start >= 0 for cue in cues)


def test_what_is_really_said_twice_is_kept():
    times = ("00:00:00,200 --> 00:00:01,400", "00:00:01,400 --> 00:00:03,800")
    for texts in (
        ["Я не знаю.", "Я не знаю. Честно."],
        ["Я не знаю.", "Я не знаю."],
        ["Я не знаю.", "Я не знаю.\nЧестно."],
    ):
        found, _, notes = said(srt(*texts, times=times))
        assert found == [" ".join(text.split()) for text in texts] and not notes


def test_a_cue_that_nobody_sees_moves_none():
    found, shown, _ = said(srt("\u200b", SECOND))
    assert found == [SECOND] and shown == [(2.0, 3.8)]


def test_a_hundred_hours_are_no_two_seconds():
    assert said(srt(FIRST, times=("100:00:02,000 --> 100:00:04,000",)))[1] == [(360_002.0, 360_004.0)]


REFUSED = {  # content, and what the sentence says of it
    "frames with an arrow": (TALK.replace(",", ":").replace(":300", ":07").replace(":900", ":22"), "frames"),
    "premiere": (f"00:00:00:07 - 00:00:01:22\n{FIRST}\n", "times in frames.*export SRT"),
    "scc": ("Scenarist_SCC V1.0\n\n00:00:00:09\t94ae 94ae\n", "SCC.*export SRT"),
    "avid": ("@ This file written with the Avid Caption plugin\n\n<begin subtitles>\n00:00:00:07 00:00:01:22\nДа\n", "Avid.*export SRT"),
    "spruce": ("//Font\n$FontName = Arial\n\n00:00:00:07 , 00:00:01:22 , Да\n", "Spruce STL.*export SRT"),
    "csv": (f"Start,End,Text\n00:00:00:07,00:00:01:22,{FIRST}\n", "table.*export SRT"),
    "csv of decimals": (f'"Speaker";"Start Time";"End Time";"Text"\nИван;00:00:00,300;00:00:01,900;{FIRST}\n', "table.*export SRT"),
    "ebu stl": (b"850STL25.01" + b"0" * 1200, "EBU STL.*export SRT"),
    "cavena": (bytes(range(256)) * 4, "not text"),
    "itt": ('<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:00:07" end="00:00:01:22">Да</p></div></body></tt>', "TTML of a kind.*export SRT"),
    "entities": ('<!DOCTYPE a [<!ENTITY b "c">]><tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>', "export SRT"),
    "two languages": ("<SAMI><BODY><SYNC Start=300><P Class=RU>Да<P Class=EN>Yes</BODY></SAMI>", "several languages"),
    "microdvd": ("{7}{47}Первая|идёт\n", "MicroDVD in frames.*begin them with"),
    "microdvd of a year": ("{1}{1}1917\n{7}{47}Первая\n", "MicroDVD in frames"),
    "tmplayer": ("00:00:01:Первая\n00:00:03:Вторая\n", "TMPlayer.*export SRT"),
    "lyrics": ("[00:00.30]Первая\n[00:02.00]Вторая\n", "LRC.*export SRT"),
    "unknown json": ('{"foo": [1]}', "JSON of a shape.*foo.*export SRT"),
    "half json": ('{"segments": [{"start": 1,', "not whole"),
    "no times in json": ('{"segments": [{"text": "Да"}, {"text": "Нет", "start": NaN}]}', "no times"),
    "srv3": ('<?xml version="1.0" ?><timedtext format="3"></timedtext>', "YouTube's XML.*export SRT"),
    "a web page": ("<!DOCTYPE html><html>404</html>", "web page"),
    "another xml": ('<?xml version="1.0"?><a/>', "XML"),
    "word": (b"PK\x03\x04" + b"x" * 99, "Word"),
    "pdf": (b"%PDF-1.4\n", "PDF"),
    "rtf": ("{\\rtf1\\ansi\\ansicpg1251\n" + TALK + "}", "RTF; save them as plain text"),
    "no times": (f"{FIRST}\n{SECOND}\n", "text without times"),
    "vobsub": ("# VobSub index file, v7\n", "VobSub.*export SRT"),
    "pgs": (b"PG" + bytes(99), "PGS.*export SRT"),
    "film": (b"\0\0\0\x20ftypisom" + bytes(99), "video file"),
    "sound": (b"ID3\x04" + bytes(99), "sound file"),
    "transport stream": ((b"G" + b"\1" * 187) * 9, "MPEG-TS"),
    "playlist": ("#EXTM3U\n#EXTINF:1,\na.vtt\n", "playlist"),
    "zeros": (bytes(999), "are empty"),
    "an endless word": (srt("а" * 4000), "word of 4000 letters"),
    "an endless cue": (srt("а " * 4000), "line 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_caption_file_is_named_with_what_to_do(name):
    content, meant = REFUSED[name]
    with pytest.raises(Unusable, match=meant):
        said(content)


def test_more_captions_than_any_episode_has_are_refused(monkeypatch):
    monkeypatch.setattr(times, "MOST_CUES", 1)
    with pytest.raises(Unusable, match="more than 1 captions"):
        said(TALK)


def measured(*lines):
    return "\n".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n" + line.replace("N", str(n)) + "\n"
        for n, line in enumerate(lines * 3, 1)
    )


TELEMETRY = {
    "dji": '<font size="28">FrameCnt: N, DiffTime: 33ms\n2024-05-01 12:00:0N.000\n[iso: 100] [shutter: 1/500.0] [fnum: 2.8] [ev: 0] [color_md: default] '
    "[focal_len: 24.00] [latitude: 55.751] [longitude: 37.617] [rel_alt: 1N.0 abs_alt: 160.0] [ct: 5500] </font>",
    "dji of old": "HOME(149.0251,-20.2532) 2017.08.05 14:11:5N\nGPS(149.0251,-20.2533,16) BAROMETER:1.9\nISO:100 Shutter:60 EV: Fnum:2.2",
    "dji in one line": "F/2.8, SS 206.14, ISO 150, EV 0, GPS (-122.1699, 37.4299, 15), D 24.2Nm, H 6.00m, H.S 0.00m/s, V.S 0.00m/s",
    "parrot": "Lat: 48.87N Lon: 2.36 Alt: 50.1 Speed: 3.2 m/s Battery: 80%",
    "a dash camera": "2024.05.01 12:00:0N 55.7558 37.6173 6NKM/H",
    "a camera's clock": "2024-05-01 12:00:0N",
}
SPEECH = {
    "years": ("В 1941 году 25 000 рабочих", "ISO 9001 у нас с 2003 года, 5 цехов", "Счёт 3:2, 4:5 и 10 минут"),
    "counting": ("10, 9, 8, 7", "6", "5"),
    "times": ("Поезд в 9:30, 10:15 и 11:40", "Цех 1: 5 м, цех 2: 7 м высоты", "Да"),
}  # fmt: skip


@pytest.mark.parametrize("name", TELEMETRY)
def test_what_a_camera_measured_is_no_caption(tmp_path, name):
    (tmp_path / "DJI_0001.SRT").write_text(measured(TELEMETRY[name]), "utf-8")
    preset = presets.load("plain")
    cues = captions_.read(tmp_path / "DJI_0001.SRT", [], preset)
    shown, notes = captions_.for_episode(cues, [], preset, 10.0, 25)
    assert not shown and [note.code for note in notes] == ["telemetry"] and "DJI_0001.SRT" in notes[0].text


@pytest.mark.parametrize("name", SPEECH)
def test_talk_of_numbers_is_talk(name):
    assert len(said(measured(*SPEECH[name]))[0]) == 9


def test_captions_of_another_clock_are_placed_by_an_offset(tmp_path):
    (tmp_path / "a.srt").write_text(TALK.replace("00:00:", "01:00:"), "utf-8")
    preset = presets.load("plain")
    with pytest.raises(
        Unusable, match=r"01:00:00\.3 to 01:00:03\.8, all outside the episode's 4\.0 s.*--captions-offset 01:00:00 "
    ):
        captions_.for_episode(captions_.read(tmp_path / "a.srt", [], preset), [], preset, 4.0, 25)
    cues = captions_.read(tmp_path / "a.srt", [], preset, offset=3600.0)
    shown, notes = captions_.for_episode(cues, [], preset, 4.0, 25)
    assert [caption.start for caption in shown] == pytest.approx([0.3, 2.0]) and not notes
    for offset, says in ((3599.0 - 60, "lie at 01:00:00"), (7200.0, "before second 0, the last at 01:00:03")):
        with pytest.raises(Unusable, match=says):
            captions_.for_episode(captions_.read(tmp_path / "a.srt", [], preset, offset=offset), [], preset, 4.0, 25)
    late, notes = captions_.for_episode(cues, [], preset, 1.95, 25)
    assert len(late) == 1 and [note.code for note in notes] == ["outside-captions"] and "1 of 2" in notes[0].text


def test_a_file_is_read_within_bounds(tmp_path):
    (tmp_path / "zero.srt").symlink_to("/dev/zero")
    (tmp_path / "big.srt").write_bytes(b" " * 5_000_001)
    for name in ("zero.srt", "big.srt", "none.srt", "."):
        with pytest.raises(Unusable, match=re.escape(str(tmp_path))):
            read_captions(tmp_path / name)


# what is delivered


SAID = [
    "{смех} {А, Б} {Y:i}x {\\an8}z", "C:\\new \\N и \\h \\{x\\}", "I<Imax и U>Umin <b>ж</b> <script>x</script> 2 < 3 <дом>", "&amp; &lt;b&gt; R&D &#123;",
    "2 --> 3 00:00:01,000 --> 00:00:02,000", "<00:00:01.000>x </c> <v Ann>", "1941", "NOTE x", "}{\\ {x", "5\u00a0°C",
]  # fmt: skip


def text_of(text, start):
    words = [Word(text=word, start=start, end=start + 1) for word in text.split(" ")]
    return Caption(start=start, end=start + 1.5, lines=[words])


def test_what_is_delivered_reads_the_same_in_ffmpeg_and_here(tmp_path):
    captions = [text_of(text, 2 * n) for n, text in enumerate(SAID)]
    for form in ("srt", "vtt"):
        file = tmp_path / f"a.{form}"
        file.write_text(subtitles(captions, form), "utf-8")
        assert said(file.read_bytes())[0] == SAID

        ffmpeg_tool.run(ffmpeg.input(str(file)).output(str(tmp_path / f"{form}.ass")))
        events = re.findall(r"Dialogue:(?:[^,]*,){9}(.*)", (tmp_path / f"{form}.ass").read_text("utf-8"))
        plain = [event.replace("\u2060", "").replace("\\{{}", "{").replace("5\\h", "5\u00a0") for event in events]
        assert plain == SAID


def test_what_is_delivered_is_known_again_by_the_checks_of_delivery(tmp_path):
    captions = [text_of(text, 2 * n) for n, text in enumerate(SAID)]
    plan = SimpleNamespace(clock=Clock(Fraction(25)), graphics=captions)
    for form in ("srt", "vtt"):
        (tmp_path / f"a.{form}").write_text(subtitles(captions, form), "utf-8")
    assert all(row.ok for row in subtitled.rows(plan, [tmp_path / "a.srt", tmp_path / "a.vtt"]))


# inside the footage


def test_captions_beside_what_a_drone_measured_are_used_and_the_rest_is_named(tmp_path):
    (tmp_path / "dji.srt").write_text(measured(TELEMETRY["dji in one line"]), "utf-8")
    (tmp_path / "talk.srt").write_text(TALK, "utf-8")
    picture = ffmpeg.input("testsrc2=s=160x90:r=25:d=4", f="lavfi").video
    inputs = [ffmpeg.input(str(tmp_path / name))["s:0"] for name in ("dji.srt", "talk.srt")]
    for count in (1, 2):
        file = tmp_path / f"{count}.mkv"
        ffmpeg_tool.run(ffmpeg.output(picture, *inputs[:count], str(file), **{"c:v": "libx264", "c:s": "srt"}))
        parts = [Stretch(source.probe(file), 0.0, 4.0, 0.0, Footage(file=file))]
        preset = presets.load("plain")
        shown, notes = captions_.for_episode(captions_.read(None, parts, preset), parts, preset, 4.0, 25)
        assert [" ".join(w.text for line in c.lines for w in line) for c in shown] == [FIRST, SECOND][: 2 * (count - 1)]
        assert [note.code for note in notes] == ["telemetry", "embedded-captions"][:count]


def test_a_season_s_check_says_what_rendering_would_say_of_captions(tmp_path):
    picture = ffmpeg.input("testsrc2=s=160x90:r=25:d=4", f="lavfi").video
    ffmpeg_tool.run(ffmpeg.output(picture, str(tmp_path / "a.mp4"), vcodec="libx264"))
    files = {
        "before": NOTED["before the start"][0],
        "dji": measured(TELEMETRY["dji"]),
        "late": TALK.replace("00:00:", "01:00:"),
        "scc": REFUSED["scc"][0],
    }
    season = "[defaults]\npreset = 'plain'\n"
    for name, text in files.items():
        (tmp_path / f"{name}.srt").write_text(text, "utf-8")
        offset = "captions_offset = '01:00:00'\n" if name == "late" else ""
        season += f"[[episode]]\ntitle = '{name}'\nfootage = 'a.mp4'\ncaptions = '{name}.srt'\n{offset}"
    (tmp_path / "season.toml").write_text(season, "utf-8")
    (slip,), notes = check_season(read_season(tmp_path / "season.toml"))
    assert "scc.srt are SCC" in slip.text
    assert [name for name in files if any(f"{name}.srt" in note.text for note in notes)] == ["before", "dji"]


# any text

LINE = st.one_of(
    st.text(st.characters(codec=None, exclude_characters="\r"), max_size=30),
    st.text("<>{}\\&;/ibufntvc=\"'-: 0123456789\u2060\ufeff\u0301", max_size=30),
    st.sampled_from(["<b>", "{\\an8}", "-->", "00:00:01,000 --> 00:00:02,000", "1", "", "WEBVTT", "NOTE x", "- Да? - Нет.", '{"segments":[', "[V4+ Styles]"]),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    st.lists(LINE, max_size=12),
    st.sampled_from(["", "WEBVTT\n\n", "[Script Info]\n[V4+ Styles]\n[Events]\n", "{1}{1}25\n", '{"segments": ']),
)
def test_no_text_makes_a_reader_fail_otherwise_than_with_a_sentence(lines, head):
    try:
        cues, notes = parse((head + "\n".join(lines)).encode("utf-8", "surrogatepass"), "a.srt")
    except EpisodeError as error:
        assert str(error).startswith("The captions a.srt ")
    else:
        assert all(cue.words for cue in cues) and all("a.srt" in note.text for note in notes)


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", TALK.encode(), TALK.encode("cp1251"), b"\xff\xfe", b"WEBVTT\n\n", b"\xef\xbb\xbf"]),
)
def test_no_bytes_make_a_reader_fail_otherwise_than_with_a_sentence(raw, head):
    try:
        parse(head + raw, "a.srt")
    except EpisodeError as error:
        assert str(error).startswith("The captions a.srt ")


LETTERS = st.text("аяЁёzQ19<>{}[]()&;:/\\\"'.,!?%$#@*+=|~^_№«»", min_size=1, max_size=12)
MARKUP = re.compile(r"<|\{\\|&[#\w]+;|-+>|^WEBVTT|^\d+$|^-")  # a text of which one could mean markup by some


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.lists(LETTERS.filter(lambda word: not MARKUP.search(word)), min_size=1, max_size=6), min_size=1, max_size=6
    ),
    st.sampled_from(["srt", "vtt", "sbv"]),
)
def test_every_visible_character_of_what_is_said_arrives(texts, form):
    blocks = []
    for n, words in enumerate(texts):
        times = {
            "srt": f"{n}\n00:0{n}:00,000 --> 00:0{n}:01,000",
            "vtt": f"0{n}:00.000 --> 0{n}:01.000",
            "sbv": f"0:0{n}:00.000,0:0{n}:01.000",
        }[form]
        blocks.append(f"{times}\n{' '.join(words)}\n")
    found, _, _ = said(("WEBVTT\n\n" if form == "vtt" else "") + "\n".join(blocks))
    assert found == [" ".join(words) for words in texts]
