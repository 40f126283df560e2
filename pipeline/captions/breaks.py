"""How badly a caption or a line breaks between two words of Russian, by their looks."""

from pipeline.typesetting.wrapping import DASHES, SENTENCE_ENDS, STICKS_TO_NEXT, keeps_together

TOGETHER = 6.0  # a break between words that stay together, as «в | цехе»
_CLOSING = "»”\"')]"
_LEANS_ON_NEXT = STICKS_TO_NEXT | frozenset((
    "для", "через", "перед", "между", "после", "около", "про", "ради", "среди", "против", "вокруг", "кроме", "вместо",
    "что", "чтобы", "если", "когда", "где", "куда", "пока", "потому", "поэтому", "или", "либо", "чем", "хотя", "зато",
    "который", "которая", "которое", "которые", "которых", "которым", "которого", "которой", "которую", "котором",
    "наш", "наша", "наше", "наши", "нашей", "нашего", "мой", "моя", "моё", "мои", "моей", "моего", "его", "её", "их",
    "свой", "свою", "свои", "этот", "эта", "эти", "этой", "этого", "очень", "самый", "самая", "самое", "более", "менее",
    "каждый", "каждая", "каждую", "двадцать", "тридцать", "сорок", "пятьдесят", "сто",
    "ещё", "уже", "только", "даже", "именно", "почти",
))  # fmt: skip
_ABBREVIATIONS = frozenset(
    "г. гг. т. тт. ул. д. кв. им. стр. руб. коп. тыс. млн. млрд. см. проф. акад. инж. св.".split()
)


def break_cost(last: str, following: str) -> float:
    """How badly a break lies between two words, by their looks."""
    if keeps_together(last, following) or (last[-1].isdigit() and following[0].isdigit()):  # 3 000
        return TOGETHER
    if ends_sentence(last, following):
        return 0.0
    bare = last.rstrip(_CLOSING)
    if last[-1] in ")]" or following[0] in "([":
        return 0.2
    if bare[-1:] in tuple(",;:") or last in DASHES or bare.endswith(SENTENCE_ENDS):
        return 0.3
    lean = last.lower().lstrip('«(„“"')
    named = last[0].isupper() and following[0].isupper()  # as first name and surname
    if lean in _LEANS_ON_NEXT or lean in _ABBREVIATIONS or last[-1].isdigit() or named:
        return 2.0
    return 0.7 if following.lower() in _LEANS_ON_NEXT else 1.2


def ends_sentence(last: str, following: str) -> bool:
    """Whether a sentence ends between two words; initials and shortened words end none."""
    bare = last.rstrip(_CLOSING)
    if not bare.endswith(SENTENCE_ENDS):
        return False
    if following[:1].islower() and (bare != last or bare.endswith(("…", "..."))):
        return False  # «Стой!» сказал он; ну... не знаю
    start = bare.lstrip("«(„“\"'[")
    return not (len(start) == 2 and start[0].isupper() and start[1] == ".") and start.lower() not in _ABBREVIATIONS
