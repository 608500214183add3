import subprocess
import sys

from aggregator.encode import text_to_encode


def test_a_text_follows_its_title_and_is_cut():
    assert text_to_encode("Flood", "It rained " * 100, 25) == "Flood\nIt rained It rained It ra"


def test_a_text_that_begins_with_its_title_says_it_once():
    assert text_to_encode("Flood hits", "Flood hits. It rained.", 300) == "Flood hits\nIt rained."


def test_nothing_to_say_is_blank():
    assert text_to_encode("", " \n ", 300) == ""
    assert text_to_encode("Flood", "", 300) == "Flood"


def test_the_room_of_the_model_is_entered_without_loading_what_is_heavy():
    heavy = "{'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    check = f"import sys, aggregator.encode; sys.exit(sorted({heavy}) or 0)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
