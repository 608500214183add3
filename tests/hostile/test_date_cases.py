import json
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.parse.dates import FIRST_YEAR, parse_date

CASES = Path(__file__).parents[2].parent / "shared" / "data" / "cases" / "dates" / "cases.jsonl"


@pytest.mark.skipif(not CASES.exists(), reason="the collected dates lie in ../shared, which is not here")
def test_nearly_every_collected_date_is_read_right() -> None:
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").split("\n") if line]
    wrong = [case for case in cases if read(case["input"]) != meant(case["utc"])]
    assert len(wrong) <= 0.05 * len(cases)


def read(text: str) -> datetime | None:
    moment = parse_date(text)
    return moment and moment.replace(microsecond=0)


def meant(utc: str | None) -> datetime | None:
    return datetime.fromisoformat(utc) if utc and int(utc[:4]) >= FIRST_YEAR else None
