"""The colours that OpenTimelineIO has for markers, and those that editors write."""

MARKER_COLORS = {
    **{"GREEN": "#008000", "YELLOW": "#ffff00", "ORANGE": "#ff8000", "RED": "#ff0000"},
    **{"CYAN": "#00ffff", "BLUE": "#0000ff", "PURPLE": "#800080", "PINK": "#ff80c0"},
    **{"MAGENTA": "#ff00ff", "BLACK": "#000000", "WHITE": "#ffffff"},
}


def channels_of(color: str) -> tuple[int, int, int]:
    """Red, green and blue of #rrggbb, 0 to 255 each; ValueError where it is none."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def nearest_color(color: str, otherwise: str) -> str:
    """The name of the one that is most like #rrggbb; `otherwise`, where it is no colour."""
    try:
        own = channels_of(color)
    except ValueError:
        return otherwise

    def distance(name: str) -> int:
        other = channels_of(MARKER_COLORS[name])
        return sum((one - two) ** 2 for one, two in zip(own, other, strict=True))

    return min(MARKER_COLORS, key=distance)
