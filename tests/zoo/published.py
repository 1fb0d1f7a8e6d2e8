"""What published implementations of the shipped networks cost, a file a family, measured by building each.

params: all weights; of PyTorch, parameters and buffers. macs: multiply-accumulates of convolutions and fully connected
layers for one image. Where `macs` is missing nobody has published any.
"""

from __future__ import annotations

import json
from pathlib import Path

PUBLISHED: dict[str, dict] = {}
for file in sorted((Path(__file__).parent / "published").glob("*.json")):
    entries = json.loads(file.read_text(encoding="utf-8"))
    assert not PUBLISHED.keys() & entries.keys(), file.name
    PUBLISHED |= entries
