"""Charts as files, with matplotlib, which comes with the extra `plots`. Knows no TensorFlow."""
