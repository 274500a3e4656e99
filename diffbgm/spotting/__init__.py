"""Spotting: where the music meets the picture; tempo map, hit points, conditions per beat."""
