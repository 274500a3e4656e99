"""Arranging: from the roll of one shot to what players play in a style."""
