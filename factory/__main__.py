"""`python -m factory`, the same as the `factory` command."""

import sys

from factory.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
