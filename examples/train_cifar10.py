"""A small residual network learns CIFAR-10's classes from 10,000 images: 74 % of the test part within 15 minutes.

    python examples/train_cifar10.py DATA [--seed 0] [--output DIR]

DATA has folders train/ and test/ with a folder of images for each class; or it is a .tar file of these, which is
unpacked into a temporary folder meanwhile. The time is meant for two cores; all 50,000 images take five times as long.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path

from training import HERE, train

# Recipe cifar10 is for all 50,000 images. A fifth of them make fewer steps: the average of weights is over 200 of them,
# little more than an epoch, and every image is learnt from, for the steadier weights need nobody to choose among them.
SETTINGS = {
    "recipe.epochs": 22,
    "recipe.ema": 0.995,
    "recipe.data.validation": 0,
}


def unpack(archive: Path, folder: Path) -> Path:
    """The folder with train/ in it, out of a .tar file; nothing is written outside of `folder`."""
    try:
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        sys.exit(f"{archive}: cannot be unpacked: {error}")
    found = sorted(path.parent for path in folder.glob("**/train") if path.is_dir())
    if not found:
        sys.exit(f"{archive}: no folder train/ in it; expected train/CLASS/*.jpg and test/CLASS/*.jpg")
    return found[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with train/ and test/, or a .tar file of one")
    parser.add_argument("--seed", type=int, default=0, help="of weights, split, order and augmentation")
    parser.add_argument("--output", type=Path, default=Path("runs/train_cifar10"), help="folder of the run")
    given = parser.parse_args()
    with ExitStack() as stack:
        data = given.data.resolve()
        if not data.exists():
            parser.error(f"{given.data}: no such folder or .tar file")
        if data.is_file():
            data = unpack(data, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        train(
            HERE / "cifar10_resnet.yaml",
            data.name,  # a name that is the same when an archive is unpacked anew: a run goes on with its own data only
            "cifar10",
            given.output.resolve(),
            measure="accuracy",
            goal=0.74,
            settings={**SETTINGS, "recipe.seed": given.seed},
            folder=data.parent,
        )


if __name__ == "__main__":
    main()
