"""Headers of JPEG and PNG files, read several times as fast as Pillow does; what is unusual is left to Pillow."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

END_OF_JPEG = b"\xff\xd9"
_START_OF_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 4}  # by colour type: gray, RGB, palette, gray and alpha, RGBA
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # baseline, extended and progressive, in Huffman codes
_CHANNELS = {1: 1, 3: 3}  # by components; four are CMYK


class Kind(IntEnum):
    """Files by who decodes them.

    OTHER is Pillow's: other formats, images turned by EXIF, CMYK, JPEGs without an end, and PNGs of other than 8 bits,
    to which TensorFlow adds a wrong alpha.
    """

    OTHER = 0
    JPEG = 1
    GRAY_PNG = 2
    COLOUR_PNG = 3


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an image before its pixels are: the size in which it is upright, its own channels, its kind."""

    height: int
    width: int
    channels: int
    kind: Kind


def jpeg_header(head: bytes, tail: bytes) -> Header | None:
    """The header of a JPEG from the first bytes of its file, when the last ones end it properly.

    None where EXIF or XMP data may turn it, where several pictures are in it, and where `head` has no frame header.
    """
    if not head.startswith(_START_OF_JPEG) or END_OF_JPEG not in tail:
        return None
    place = 2
    while place + 10 <= len(head) and head[place] == 0xFF:
        marker = head[place + 1]
        if marker in _FRAMES:
            depth, height, width, components = struct.unpack_from(">BHHB", head, place + 4)
            if depth != 8 or components not in _CHANNELS or not height * width:
                return None
            return Header(height, width, _CHANNELS[components], Kind.JPEG)
        if marker == 0xE1 or (marker == 0xE2 and head[place + 4 : place + 8] == b"MPF\0") or not 0xC0 <= marker < 0xFF:
            return None
        place += 2 + int.from_bytes(head[place + 2 : place + 4])
    return None


def png_header(contents: bytes) -> Header | None:
    """The header of a PNG from its whole file, whose checksums all fit.

    None for another file, a damaged one, and where EXIF data may turn it.
    """
    if not contents.startswith(_PNG):
        return None
    place, seen, view = len(_PNG), set(), memoryview(contents)
    while place + 12 <= len(contents):
        (length,) = struct.unpack_from(">I", contents, place)
        end = place + 8 + length
        if end + 4 > len(contents) or zlib.crc32(view[place + 4 : end]) != int.from_bytes(view[end : end + 4]):
            return None
        seen.add(name := contents[place + 4 : place + 8])
        if name == b"IEND":
            break
        place = end + 4
    if not {b"IHDR", b"IDAT", b"IEND"} <= seen or b"eXIf" in seen:
        return None
    width, height, depth, colours = struct.unpack_from(">IIBB", contents, len(_PNG) + 8)
    if colours not in _PNG_CHANNELS or not height * width:
        return None
    channels = 4 if colours == 3 and b"tRNS" in seen else _PNG_CHANNELS[colours]
    kind = Kind.GRAY_PNG if channels == 1 else Kind.COLOUR_PNG
    return Header(height, width, channels, kind if depth == 8 else Kind.OTHER)
