"""Measures of generated music, beside real music."""
