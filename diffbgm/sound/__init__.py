"""From a score to samples: synthesis and mixing."""
