"""The spec that `factory new` begins with."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError
from factory.spec.compile import IDENTIFIER

_TEXT = """\
# {name}: a starting point. Try:
#   factory check {file}
#   factory info {file}
#   factory build {file} -o models
factory: 1                     # version of the language
name: {name}

# The image. preprocess is part of the network: none, unit (0 to 1), tf (-1 to 1), torch, caffe, or
# {{scale: ..., offset: ..., mean: [...], std: [...]}}.
input: {{resolution: 96, channels: 3, preprocess: unit}}
classes: 10

# Multipliers of all channels, repeats and the resolution; `--width 1.5` sets the first for one command.
scale: {{width: 1.0, depth: 1.0, resolution: 1.0}}
rounding: {{width: {{to: 8, keep: 0.9}}, depth: ceil}}

# What holds for every convolution that says nothing else.
conventions: {{norm: {{kind: batch, epsilon: 1e-3, momentum: 0.99}}, activation: swish, padding: same}}

# From top to bottom; each stage reads the one before it. `factory blocks` lists all blocks, `factory blocks mbconv`
# explains one. A stage's stride is that of its first repeat; the others have stride 1.
stages:
  stem: {{block: conv, filters: 16, kernel: 3, stride: 2}}
  s1: {{block: mbconv, repeats: 1, filters: 16, expand: 1}}
  s2: {{block: mbconv, repeats: 2, filters: 24, stride: 2}}
  s3: {{block: mbconv, repeats: 2, filters: 40, kernel: 5, stride: 2, se: 0.25}}
  s4: {{block: mbconv, repeats: 2, filters: 80, stride: 2, se: 0.25}}
  top: {{block: conv, filters: 320, kernel: 1}}
  head: {{block: classifier, dropout: 0.2}}
"""


def write_starter(name: str) -> Path:
    """Writes NAME.yaml, a small commented network; a name may have folders before it. Never leaves half a file.

    Raises FactoryError where the file is there already, or cannot be written.
    """
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not IDENTIFIER.fullmatch(path.stem):
        raise FactoryError(f"'{path.stem}' cannot name a network: letters, digits and _, not beginning with a digit")
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(_TEXT.format(name=path.stem, file=path))
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise FactoryError(f"{path}: exists already, and is left as it is") from None
    except OSError as error:
        raise FactoryError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path
