"""A search for a network as good as digits_resnet at half its cost, by evolution: within ten minutes on two cores.

python examples/sweep_digits.py [--workers 2] [--output DIR]
"""

from __future__ import annotations

from sweeping import factory, sweep


def main() -> None:
    directory = sweep(__doc__, "sweep_digits")
    factory("evaluate", str(directory / "export" / "best.keras"), "--data", "digits")


if __name__ == "__main__":
    main()
