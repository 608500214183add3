"""Dates in Chinese, Japanese and Korean -> the same in digits."""

import calendar
import re
from datetime import timedelta, timezone, tzinfo

_KANJI_DIGITS = {kanji: digit for digit, kanji in enumerate("〇一二三四五六七八九")} | {"零": 0}
_KANJI_NUMBER = re.compile(r"[〇零一二三四五六七八九十]+(?=[年月日號号時时點点分秒])")
_WEEKDAY_IN_BRACKETS = re.compile(
    r"\((?:([月火水木金土日])(?:曜日?)?|([월화수목금토일])(?:요일)?|(?:星期|[周週])?([一二三四五六天]))\)"
)
_WEEKDAY = re.compile(r"(?:星期|[周週])[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일")
_LONE_WEEKDAY = re.compile(r"^[月火水木金土日월화수목금토일]\s*,?\s+(?=\d)")
_MORNING, _AFTERNOON = "오전|上午|午前|凌晨|清晨|早上", "오후|下午|午後|中午|傍晚|晚上"
_HALF_OF_DAY = re.compile(rf"({_AFTERNOON})\s*|(?:{_MORNING})\s*")
_OF_KOREA_AND_JAPAN = re.compile(r"[년오曜]|요일|午[前後]|昭和|平成|令和|^[SHR]\d+[./年-]\d")
_OF_CHINA = re.compile(r"年|[上下]午|凌晨|清晨|早上|中午|傍晚|晚上|星期|[周週][一二三四五六日天]|民[國国]")
_HOURS_EAST = {"ja": 9, "ko": 9, "zh": 8}


def written_out(text: str) -> str:
    """Return a date with its numbers in digits and, where it stood in brackets as in `(土)`, its whole weekday."""
    return _KANJI_NUMBER.sub(_number, _WEEKDAY_IN_BRACKETS.sub(_whole_weekday, text))


def _whole_weekday(weekday: re.Match[str]) -> str:
    japanese, korean, chinese = weekday.groups()
    return f" {japanese}曜日 " if japanese else f" {korean}요일 " if korean else f" 星期{chinese} "


def _number(kanji: re.Match[str]) -> str:
    tens, has_tens, ones = kanji[0].partition("十")
    if has_tens:
        return str(10 * _KANJI_DIGITS.get(tens, 1) + _KANJI_DIGITS.get(ones, 0))
    return "".join(str(_KANJI_DIGITS[digit]) for digit in kanji[0])


def writers_zone(text: str, language: str) -> tzinfo | None:
    """Return the zone of those who wrote a date in one of these languages; China's where it may be of two."""
    is_of_nine, is_of_eight = _OF_KOREA_AND_JAPAN.search(text), _OF_CHINA.search(text)
    if not is_of_nine and not is_of_eight:
        return None
    hours = _HOURS_EAST.get(language[:2].lower(), 9 if is_of_nine else 8)
    return timezone(timedelta(hours=hours))


def in_digits(text: str) -> str:
    """Return a date without these languages' letters: year, month and day apart by `-`, hours and minutes by `:`."""
    if text.isascii():
        return text
    digits = _LONE_WEEKDAY.sub("", _WEEKDAY.sub(" ", text))
    if re.search(r"\d\s*[年년]", digits):
        digits = re.sub(r"\s*[年月년월]\s*", "-", re.sub(r"[日号號일]", " ", digits))
    else:
        digits = re.sub(r"\b(\d{1,2}) ?[月월]", _month_in_english, digits)
    half = _HALF_OF_DAY.search(digits)
    half_of_day = "" if half is None else " PM" if half[1] else " AM"
    digits = re.sub(r"(\d)\s*[時时點点시]\s*", r"\1:", _HALF_OF_DAY.sub(" ", digits))
    digits = re.sub(r":(?!\d)", ":00", re.sub(r"(\d)\s*[分분]\s*(?=\d)", r"\1:", digits))
    return re.sub(r"(?<=\d)\s*[秒초分분]", "", digits).strip() + half_of_day


def _month_in_english(month: re.Match[str]) -> str:
    return calendar.month_abbr[int(month[1])] if 1 <= int(month[1]) <= 12 else month[0]
