"""Augmentations of training images: pure functions of images, targets and random numbers, in the graph."""
