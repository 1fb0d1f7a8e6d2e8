"""What published implementations of the shipped networks cost, as measured by building them."""

from __future__ import annotations

import json
from pathlib import Path

PUBLISHED: dict[str, dict] = json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))
PUBLISHED.pop("_about")
