"""To files: a composition's folder, its sound, film, edit, pictures and report."""
