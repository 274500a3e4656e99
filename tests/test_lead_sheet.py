"""Chords and bars as people write them."""

import re

import pytest

from diffbgm.errors import OptionError
from diffbgm.lead_sheet import BARS_PATTERN, QUALITIES, ROOTS, PlannedChord, parse_bars, parse_chord
from diffbgm.options import ComposeOptions, TakeOptions


@pytest.mark.parametrize(
    ("name", "chord"),
    [
        ("C", PlannedChord(0, "", 0)),
        ("Am7", PlannedChord(9, "m7", 9)),
        ("Bb", PlannedChord(10, "", 10)),
        ("F#dim", PlannedChord(6, "dim", 6)),
        ("Bm7b5", PlannedChord(11, "m7b5", 11)),
        ("Ebmaj7/G", PlannedChord(3, "maj7", 7)),
    ],
)
def test_names_are_those_of_lead_sheets(name, chord):
    assert parse_chord(name) == chord
    assert chord.name == name


def test_every_chord_has_a_name_that_means_it():
    for root in range(12):
        for quality in QUALITIES:
            chord = PlannedChord(root, quality, (root + QUALITIES[quality][1]) % 12)
            assert parse_chord(chord.name) == chord
            assert chord.transposed(5).transposed(-5) == chord
    assert [parse_chord(name).root for name in ROOTS] == list(range(12))


@pytest.mark.parametrize("name", ["H", "c", "Cmin", "C/", "C7/H", "", "Am 7", "C|"])
def test_what_is_no_chord_is_named(name):
    with pytest.raises(OptionError, match="is no chord: write a root"):
        parse_chord(name)


@pytest.mark.parametrize(
    "text", ["C", " Am7 F#dim/E |\nN||", "|C\tG\r\nBb", "7", "C D E", "", " | ", "c"]
)
def test_the_pattern_takes_what_is_read(text):
    try:
        is_read = bool(parse_bars(text))
    except OptionError:
        is_read = False
    assert bool(re.search(BARS_PATTERN, text)) == is_read


@pytest.mark.parametrize("options", [ComposeOptions, TakeOptions])
def test_options_refuse_what_is_no_chord(options):
    assert options(chords="C | Am F").chords == "C | Am F"
    with pytest.raises(OptionError, match="'/etc/passwd' is no chord"):
        options(chords="/etc/passwd")
