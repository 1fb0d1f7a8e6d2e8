"""Points of a space as networks with costs: constraints, objectives, adaption to data. Knows no TensorFlow."""
