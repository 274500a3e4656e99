"""Data sets to train on."""
