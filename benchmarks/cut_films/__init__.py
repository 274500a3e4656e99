"""Films made for finding cuts: scenes, what joins them, and what looks like a cut and is none."""
