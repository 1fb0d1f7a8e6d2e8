"""Puts this folder on the path, so that all tests can import the helpers in it; property tests without a clock."""

import gc
import os

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

os.environ["FACTORY_CACHE_DIR"] = f"{os.devnull}/none"  # what was measured on this machine decides nothing


def pytest_collection_finish() -> None:
    """What is imported by now stays: without TensorFlow's modules, looking for garbage is much faster."""
    gc.collect()
    gc.freeze()
