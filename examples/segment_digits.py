"""U-Net with a quarter of its channels finds digits in noise: the class of every pixel.

A scene is 32 x 32 pixels of noise with up to eight of scikit-learn's digits in it, each of 8 x 8 pixels, none over
another. Classes are background and the ten digits; a pixel belongs to a digit where there is ink. Test scenes show
digits that no training scene has. The goal is a mean IoU of 0.8 over the eleven classes.

    python examples/segment_digits.py [--seed 0] [--output DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from training import train

SIZE, DIGIT, MOST = 32, 8, 8
"""Pixels of a scene and of a digit in it, and how many digits a scene has at most."""
CLASSES = ("background", *map(str, range(10)))
TRAINING, TEST = 2000, 300
"""Numbers of scenes."""

# U-Net's own convolutions are unpadded and shrink the image; these keep its size, so that every pixel has a class.
# Digits keep their sides: the recipe's mirror would make other shapes of them.
SETTINGS = {
    "input.resolution": SIZE,
    "scale.width": 0.25,
    "stages.drop4.rate": 0.1,
    "stages.drop5.rate": 0.1,
    "conventions.padding": "same",
    "conventions.norm": "{kind: batch, momentum: 0.9}",
    "recipe.epochs": 20,
    "recipe.batch_size": 20,
    "recipe.schedule.peak": 3e-3,
    "recipe.schedule.warmup_epochs": 1,
    "recipe.augment": "[rotate: 10, scale_jitter: [0.9, 1.1]]",
    "recipe.regularize.l2": 0,
}


def make_scenes(digits: np.ndarray, classes: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scenes (count, SIZE, SIZE) uint8 with the class of every pixel, alike in shape and type.

    digits: (n, 8, 8) of 0 to 16, as scikit-learn has them; classes: (n,) of 0 to 9. A function of the seed.
    """
    random = np.random.default_rng(seed)
    images = random.uniform(0, 80, (count, SIZE, SIZE))
    masks = np.zeros((count, SIZE, SIZE), "uint8")
    for image, mask in zip(images, masks, strict=True):
        for _ in range(random.integers(1, MOST + 1)):
            chosen = random.integers(len(digits))
            ink = digits[chosen] * (255 / 16)
            top, left = random.integers(0, SIZE - DIGIT + 1, 2)
            place = np.s_[top : top + DIGIT, left : left + DIGIT]
            if mask[place].any():
                continue  # taken: this scene has a digit less
            image[place] = np.maximum(image[place], ink)
            mask[place][ink >= 100] = classes[chosen] + 1
    return images.astype("uint8"), masks


def write_scenes(path: Path, seed: int) -> None:
    """An .npz file of training and test scenes, made of different digits."""
    digits = load_digits()
    first, others = train_test_split(
        np.arange(len(digits.target)), test_size=0.2, stratify=digits.target, random_state=0
    )
    images, masks = make_scenes(digits.images[first], digits.target[first], TRAINING, seed)
    x_test, y_test = make_scenes(digits.images[others], digits.target[others], TEST, seed + 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, images=images, labels=masks, x_test=x_test, y_test=y_test, classes=np.array(CLASSES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the scenes and of the run")
    parser.add_argument("--output", type=Path, default=Path("runs/segment_digits"), help="folder of the run")
    given = parser.parse_args()
    scenes = given.output.with_name("digit_scenes.npz")
    write_scenes(scenes, given.seed)
    settings = SETTINGS | {"recipe.seed": given.seed}
    train("unet", scenes, "segmentation", given.output, measure="mean_iou", goal=0.8, settings=settings)


if __name__ == "__main__":
    main()
