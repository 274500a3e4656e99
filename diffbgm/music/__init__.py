"""Notes in beats: scores, piano rolls, MIDI, arrangement."""
