"""What owners write behind a command: folders, intervals."""

import re

import click

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400}


class _Interval(click.ParamType[int]):
    """Seconds, written as 30m, 2h or 1d; 0 for auto."""

    name = "interval"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds, or fail in words."""
        if value == "auto":
            return 0
        found = re.fullmatch(r"([1-9]\d{0,4})([mhd])", value)
        if not found:
            self.fail(f"{value!r} is no interval; write 30m, 2h, 1d or auto.", param, ctx)
        return int(found[1]) * _UNITS_S[found[2]]


INTERVAL = _Interval()


def path_of(folder: str) -> tuple[str, ...]:
    """Return the path of folders that the owner wrote: News/Africa lies two deep."""
    return tuple(part.strip() for part in folder.split("/") if part.strip())
