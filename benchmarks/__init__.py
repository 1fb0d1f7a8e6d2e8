"""Speed, measured side by side in one run and printed as ratios: medians with their spread."""
