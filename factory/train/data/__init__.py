"""Data to learn from: sources, splits, the input pipeline. Importing it imports no TensorFlow."""
