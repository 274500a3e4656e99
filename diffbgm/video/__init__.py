"""What a film shows: decoding, shots, motion, mood."""
