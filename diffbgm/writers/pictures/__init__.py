"""Pictures of a composition: the piano roll of a shot, the overview of the whole film."""

from diffbgm.writers.pictures.film_overview import overview
from diffbgm.writers.pictures.piano_roll import PianoRolls, draw_piano_roll

__all__ = ["PianoRolls", "draw_piano_roll", "overview"]
