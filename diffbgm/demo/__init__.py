"""The short film that the project draws itself."""
