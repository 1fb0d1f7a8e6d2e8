"""PyTorch weights into Keras models: files, the modules in them, what their names say, the places that they go to."""
