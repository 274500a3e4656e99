"""The colours that the overview and the report share, and the words that go with them."""

from diffbgm.writers.pictures.notes import GROUND, Colour


def css(colour: Colour) -> str:
    """A colour as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


INK, FAINT, LINE, PAPER = "#d7dbe4", "#8c93a3", "#3a3f4c", "#121317"
GROUND_CSS = css(GROUND)
# What pages are drawn in, by the names that their CSS uses.
DARK_SCHEME = {
    "ink": INK,
    "faint": FAINT,
    "line": LINE,
    "paper": PAPER,
    "ground": GROUND_CSS,
    "over": "#1f222b",
    "chosen": "#272c38",
    "bad": "#ffb38a",
    "focus": "#8fa8ff",
}
LIGHT_SCHEME = {
    "ink": "#1b1f27",
    "faint": "#5a6170",
    "line": "#d5d9e1",
    "paper": "#f4f5f8",
    "ground": "#ffffff",
    "over": "#eef1f6",
    "chosen": "#e1e7f3",
    "bad": "#a33d10",
    "focus": "#2f55d4",
}
ENERGY_COLOUR = "#4fc3f7"
MOOD_COLOURS = {"valence": "#ffd54f", "arousal": "#ff7a8a", "tension": "#8fa8ff"}
SPEECH_COLOUR = "#d9a6ff"
# How the music meets a cut.
HIT_COLOURS = {"downbeat": "#66e0a3", "beat": "#ffd54f", "half": "#ff9e57", "none": "#ff5c6c"}
HIT_NAMES = {
    "downbeat": "on a downbeat",
    "beat": "on a beat",
    "half": "on a half beat",
    "none": "off",
}
