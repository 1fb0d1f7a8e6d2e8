"""Searching for better networks through KerasTuner. Empty so far: the sweeps of the road map will live here."""
