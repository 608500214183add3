"""What a style makes of a picture: whether anybody can see it."""

import re
from collections.abc import Mapping

MAX_STYLE_CHARS = 2000
DOT_PX = 4.0
"""Pictures that are smaller in one direction show nothing."""

_PX_PER: Mapping[str, float] = {
    "": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "em": 16,
    "rem": 16, "ex": 8, "ch": 8, "vw": 10, "vh": 8, "vmin": 8, "vmax": 10,
}  # fmt: skip
"""CSS Values 4, §6; of what depends on the letters and the window, as it is in most."""
_LENGTH = re.compile(r"([+-]?(?:\d++(?:\.\d*+)?|\.\d++))(%|[a-z]*)")
_SIDES = ("left", "right", "top", "bottom", "inset", "margin", "margin-left", "margin-top")
_FAR_BEFORE_PX, _FAR_BEHIND_PX = -900, 5000
_NEVER_SHOWN = frozenset(
    "display:none visibility:hidden visibility:collapse content-visibility:hidden zoom:0 scale:0 content:none".split()
)
_NOTHING = r"\(\s*+[+-]?0*+(?:\.0*+)?(?:px|%)?\s*+[,)]"
_SHRUNK = re.compile(rf"(?:scale(?:x|y|3d)?|matrix){_NOTHING}|translate(?:x|y|3d)?\(\s*+-\d{{3}}")
_CLIPPED = re.compile(
    rf"inset\(\s*+(?:50|100)%|(?:circle|ellipse){_NOTHING}|polygon\((?:\s*+0[a-z%]*+\s++0[a-z%]*+\s*+[,)])+"
)
_RECTANGLE = re.compile(r"rect\(([^)]*)\)")


def hides(style: str) -> bool:
    """Whether a picture with this style cannot be seen, however large it is."""
    said = _declarations(style)
    if any(f"{name}:{value}" in _NEVER_SHOWN for name, value in said.items()):
        return True
    return _is_dot(said) or _is_clipped(said) or _is_elsewhere(said)


def makes_transparent(style: str) -> bool:
    """Whether a picture is there and shows nothing; of one that a script would bring, that is until it is there."""
    said = _declarations(style)
    opacity = _LENGTH.fullmatch(said.get("opacity", "1"))
    is_faint = opacity is not None and float(opacity[1]) <= (1 if opacity[2] == "%" else 0.01)
    return is_faint or re.search(rf"opacity{_NOTHING}", said.get("filter", "")) is not None


def leaves_no_letters(style: str) -> bool:
    """Whether letters have no size; nobody says so of a picture that has one, and says it nowhere else."""
    font = _declarations(style).get("font-size")
    return font is not None and _px(font) == 0


def _declarations(style: str) -> dict[str, str]:
    """Return what a style says, in small letters and without what makes it more important."""
    plain = re.sub(r"/\*.*?(?:\*/|$)", "", style[:MAX_STYLE_CHARS].lower())
    pairs = (part.partition(":") for part in plain.split(";"))
    return {name.strip(): value.partition("!")[0].strip() for name, colon, value in pairs if colon}


def _px(length: str) -> float | None:
    """Return a length in pixels; None where it depends on the page, but for nothing of it."""
    found = _LENGTH.fullmatch(length)
    if not found:
        return None
    number = float(found[1])
    return 0.0 if number == 0 else number * _PX_PER[found[2]] if found[2] in _PX_PER else None


def _is_dot(said: Mapping[str, str]) -> bool:
    """Whether a side has the length of a dot, and no least length that is more."""
    for side in ("width", "height"):
        lengths = [_px(said[name]) for name in (side, f"max-{side}") if name in said]
        is_short = any(length is not None and length < DOT_PX for length in lengths)
        least = said.get(f"min-{side}", "0")
        is_kept_long = (_px(least) or 0) >= DOT_PX or re.match(r"[1-9]\d*%", least)
        if is_short and not is_kept_long:
            return True
    return False


def _is_clipped(said: Mapping[str, str]) -> bool:
    rectangle = _RECTANGLE.search(said.get("clip", "")) if _is_placed(said) else None
    edges = [_px(edge) for edge in re.split(r"[\s,]+", rectangle[1].strip())] if rectangle else []
    if len(edges) == 4 and None not in edges:
        top, right, bottom, left = (edge or 0 for edge in edges)
        return bottom - top < DOT_PX or right - left < DOT_PX
    return bool(_CLIPPED.search(said.get("clip-path", "")) or _SHRUNK.search(said.get("transform", "")))


def _is_elsewhere(said: Mapping[str, str]) -> bool:
    """Whether a picture stands far outside of the page."""
    names = [name for name in _SIDES if name.startswith("margin") or _is_placed(said)]
    sides = [side for name in names for side in said.get(name, "").split()]
    lengths = [px for side in sides if (px := _px(side)) is not None]
    return any(not _FAR_BEFORE_PX < px < _FAR_BEHIND_PX for px in lengths) or "-100%" in sides


def _is_placed(said: Mapping[str, str]) -> bool:
    return said.get("position") in ("absolute", "fixed", "relative")
