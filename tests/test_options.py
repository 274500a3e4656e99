import json
from pathlib import Path

import pytest

from diffbgm.errors import OptionError
from diffbgm.options import (
    MOODS,
    ComposeOptions,
    TakeOptions,
    options_of,
    parse_mood,
    public_options,
)


def test_moods_have_names_and_numbers():
    assert parse_mood("calm") == MOODS["calm"]
    assert parse_mood("-0.5,0.25") == (-0.5, 0.25)
    assert parse_mood([1, -1]) == (1, -1)


@pytest.mark.parametrize("wrong", ["blue", "1,2", "0.1", "nan,0", [0.1], ["a", "b"]])
def test_other_moods_are_refused(wrong):
    with pytest.raises(OptionError):
        parse_mood(wrong)


def test_options_survive_a_trip_through_json():
    options = ComposeOptions(
        mood=(0.1, -0.2), bpm=(80, 120), cuts=(10, 20), soundfont=Path("/a/font.sf2"), seed=2**60
    )
    assert ComposeOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    assert ComposeOptions.from_dict(json.loads(json.dumps(ComposeOptions().to_dict()))) == (
        ComposeOptions()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"energy": 1.5},
        {"mood": (2, 0)},
        {"bpm": (120, 80)},
        {"seed": -1},
        {"steps": 1},
        {"guidance": float("nan")},
        {"freedom_percent": 90},
        {"loudness": 0},
        {"ducking": 1},
        {"energy": "wild"},
        {"seed": 1.5},
        {"mux": 1},
        {"mood": 0.5},
        {"pinned": "48"},
        {"dialogue": ((2, 1),)},
        {"soundfont": 5},
    ],
)
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(OptionError):
        ComposeOptions(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"takes": 0},
        {"octave": 5},
        {"notes": "other"},
        {"takes": True},
        {"notes": "same", "takes": 2},
        {"notes": "same", "mood": (0, 0)},
        {"notes": "same", "chords": "C"},
    ],
)
def test_takes_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(OptionError):
        TakeOptions(**wrong)


@pytest.mark.parametrize("owner", [ComposeOptions, TakeOptions])
def test_an_option_says_all_that_a_form_needs(owner):
    for option in options_of(owner):
        option.check(option.default)
        assert option.help and not option.help.endswith(".")
        assert (option.default is None) == bool(option.absent)
        if option.kind in ("number", "integer", "seed", "range"):
            assert option.low is not None and option.high is not None
            assert option.default is not None or option.initial is not None
        json.dumps(option.to_dict())


def test_what_runs_where_is_not_for_clients():
    names = {option.name for option in public_options(ComposeOptions)}
    assert {"device", "checkpoint", "soundfont"} == {
        option.name for option in options_of(ComposeOptions)
    } - names
