"""Puts this folder on the path, so that all tests can import the helpers in it; property tests without a clock."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
