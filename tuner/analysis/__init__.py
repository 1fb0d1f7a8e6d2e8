"""What came of a sweep: fronts, tables, files for TensorBoard, its state in words. Knows no TensorFlow and no Keras."""
