"""Training: recipes in YAML, data, schedules, losses, runs that survive a kill. Importing it imports no TensorFlow."""
