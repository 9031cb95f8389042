"""Speed, measured as ratios in one run: a whole night against one hand-written script over the same files."""
