"""Looking at a film: decoding, shots, motion, mood."""
