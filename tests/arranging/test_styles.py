"""Styles are files: those that come along are sound, and a wrong one says what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from diffbgm.arranging.styles import load_style, style_from_json, style_names
from diffbgm.errors import StyleError


def a_style(**changes: Any) -> dict[str, Any]:
    piano = {"program": 0, "range": [40, 90], "level_db": 0, "pan": 0, "reverb": 0.2}
    return {
        "name": "two_hands",
        "purpose": "A test.",
        "tempo": [60, 120],
        "swing": 0,
        "humanise": {"timing_ms": 5, "velocity": 3},
        "instruments": [
            {"name": "Right hand", "role": "melody", **piano},
            {"name": "Left hand", "role": "accompaniment", **piano, "voices": 4},
        ],
        **changes,
    }


def with_left_hand(**changes: Any) -> dict[str, Any]:
    style = a_style()
    style["instruments"][1].update(changes)
    return style


def refusal(style: dict[str, Any]) -> str:
    with pytest.raises(StyleError) as error:
        style_from_json(json.dumps(style), "mine.json")
    return str(error.value)


def test_there_are_at_least_ten_and_each_says_what_it_is_for():
    names = style_names()
    assert len(names) >= 10
    assert {"solo_piano", "cinematic", "ambient", "electronic"} <= set(names)
    for name in names:
        style = load_style(name)
        assert style.name == name
        assert len(style.purpose) > 20
        assert style.tempo[0] < style.tempo[1]


@pytest.mark.parametrize("name", style_names())
def test_more_players_the_more_the_picture_moves(name: str):
    style = load_style(name)
    playing = [sum(each.plays(energy) for each in style.instruments) for energy in (0.1, 0.5, 0.9)]
    assert playing[0] < playing[2]
    assert {each.role for each in style.instruments} == {
        "melody",
        "bridge",
        "accompaniment",
        "bass",
    }


def test_a_style_of_ones_own_is_a_file(tmp_path: Path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(a_style()))
    style = load_style(path)
    assert style.name == "two_hands"
    assert style.instruments[0].range == (40, 90)
    assert style == load_style(str(path))


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(StyleError, match=r"'polka': choose one of ambient, .*solo_piano"):
        load_style("polka")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(StyleError, match=r"gone\.json: .*No such file"):
        load_style(tmp_path / "gone.json")
    picture = tmp_path / "picture.json"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(StyleError, match=r"picture\.json: .*not text"):
        load_style(picture)


def test_what_is_no_json_says_where():
    with pytest.raises(StyleError, match=r"mine\.json: not JSON: .* line 2"):
        style_from_json('{\n"name": }', "mine.json")


@pytest.mark.parametrize(
    ("style", "message"),
    [
        (a_style(tempoo=[1, 2]), "tempoo: unknown key"),
        (with_left_hand(colour="red"), "instruments.1.colour: unknown key"),
        (with_left_hand(range=[90, 40]), "instruments.1: range: 90 is above 40"),
        (with_left_hand(range=[40, 45]), "narrower than an octave"),
        (with_left_hand(range=[40, 190]), "instruments.1.range.1: "),
        (with_left_hand(program=128), "instruments.1.program: "),
        (with_left_hand(energy=[0.8, 0.2]), "instruments.1: energy: 0.8 is above 0.2"),
        (with_left_hand(role="drummer"), "instruments.1.role: "),
        (with_left_hand(patterns=[{"energy": 0, "steps": "x..."}]), "4 sixteenths"),
        (with_left_hand(patterns=[{"energy": 0, "steps": "x..Q" * 4}]), "'Q'"),
        (
            with_left_hand(patterns=[{"energy": e, "steps": "x..." * 4} for e in (0.5, 0.2)]),
            "energies must rise",
        ),
        (with_left_hand(role="bass"), "patterns: at least one"),
        (with_left_hand(role="bridge"), "no accompaniment"),
        (with_left_hand(energy=[0.5, 1]), "no accompaniment that plays from energy 0"),
        (with_left_hand(name="Right hand"), "a name of its own"),
        (a_style(tempo=[120, 60]), "tempo: 120.0 is above 60.0"),
        (a_style(tempo=[5, 60]), "tempo.0: "),
        (a_style(swing=2), "swing: "),
        (a_style(instruments=[]), "instruments: "),
        ({"name": "empty"}, "purpose: Field required"),
        (
            a_style(
                drums={
                    "kit": 0,
                    "level_db": 0,
                    "pan": 0,
                    "reverb": 0,
                    "patterns": [{"energy": 0, "lines": {"gong": "x..." * 4}}],
                }
            ),
            "no drum is called 'gong'",
        ),
    ],
)
def test_a_wrong_style_names_file_and_key(style: dict[str, Any], message: str):
    reason = refusal(style)
    assert reason.startswith("mine.json: ")
    assert message in reason
    assert "\n" not in reason
