"""Arranged pieces are measured as one hears them."""

import numpy as np

from diffbgm.arranging.styles import load_style
from diffbgm.evaluation.arranged import heard, made_film, table
from diffbgm.music.score import Note, Score, Track
from diffbgm.spotting.cue_sheet import spot
from diffbgm.video.places import places


def test_players_count_as_their_role_from_the_first_bar_line_on():
    style, cues = load_style("cinematic"), spot(made_film(1))
    roles = {player.name: player.role for player in style.instruments}
    lead = next(name for name, role in roles.items() if role == "melody")
    bass = next(name for name, role in roles.items() if role == "bass")
    doubling = [name for name, role in roles.items() if role == "melody" and name != lead]
    played = [
        Track(lead, 0, (Note(0.02, 72, 0.97, 90),)),
        Track(bass, 0, (Note(2.0, 36, 2.0, 80),)),
    ]
    played += [Track(name, 0, (Note(0.0, 84, 1.0, 90),)) for name in doubling]
    played.append(Track("Drums", 0, (Note(0.0, 36, 0.1, 99),), is_drum=True))
    first = 4 * cues.bar_padding[0]
    piece = heard("made", Score(tuple(played)), style, cues)
    assert piece.notes.tolist() == [[first, 4, 72, 0], [first + 8, 8, 36, 2]]


def test_made_films_show_some_shots_again():
    films = [made_film(seed) for seed in range(6)]
    shown = [places(film) for film in films]
    assert all(film.timeline.seconds >= 46 for film in films)
    assert any((found != np.arange(len(found))).any() for found in shown)


def test_the_table_has_all_pieces_beside_songs():
    row = {"generated": 0.5, "reference": 0.25, "real_against_real": None}
    lines = table({"composed": {"measures": {"gps": row}}, "lofi": {"measures": {"gps": row}}})
    assert lines.splitlines()[0] == "| measure | composed | lofi | songs | half from half |"
    assert lines.splitlines()[2] == "| gps | 0.500 | 0.500 | 0.250 |  |"
