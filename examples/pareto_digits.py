"""Which accuracy on digits costs how many multiply-accumulates: a front by NSGA-II, within ten minutes on two cores.

python examples/pareto_digits.py [--workers 2] [--output DIR]
"""

from __future__ import annotations

from sweeping import sweep


def main() -> None:
    sweep(__doc__, "pareto_digits")


if __name__ == "__main__":
    main()
