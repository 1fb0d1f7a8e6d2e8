"""What a search space is like: its size and costs before a sweep, its errors, importance and locality after one.

Knows no TensorFlow and no Keras. `survey` looks at a space; `read_landscape` takes the trials of a sweep, and `analyse`
tells what they say.
"""

from tuner.landscape.analysis import Analysis, analyse
from tuner.landscape.landscape import Landscape
from tuner.landscape.reading import read_landscape
from tuner.landscape.survey import Survey, survey

__all__ = ["Analysis", "Landscape", "Survey", "analyse", "read_landscape", "survey"]
