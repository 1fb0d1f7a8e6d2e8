"""A small residual network learns scikit-learn's digits, which come along: 99 % of the test part within two minutes.

python examples/train_digits.py [--seed 0] [--output DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training import HERE, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of weights, split, order and augmentation")
    parser.add_argument("--output", type=Path, default=Path("runs/train_digits"), help="folder of the run")
    given = parser.parse_args()
    settings = {"recipe.data.validation": 0, "recipe.seed": given.seed}
    train(
        HERE / "digits_resnet.yaml", "digits", "digits", given.output, measure="accuracy", goal=0.99, settings=settings
    )


if __name__ == "__main__":
    main()
