"""Recipes: how a network is trained, as a YAML file with a closed schema. Knows no TensorFlow."""
