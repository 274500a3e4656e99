"""Background music for film cuts. Importing this package imports nothing heavy."""

__version__ = "0.1.0"
