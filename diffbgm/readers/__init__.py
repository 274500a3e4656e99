"""From files of other programs: edits, cut lists, subtitles."""
