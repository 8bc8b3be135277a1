"""Pictures drawn anew before they are kept: nothing rides along, and none is larger than it may be."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib

from PIL import Image, ImageOps, ImageSequence

from fireside.hearth.errors import Sorry

PIXELS = 50_000_000  # of one picture, or of all the frames of one that moves
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}
MODES = {"JPEG": ("L", "RGB"), "WEBP": ("RGB", "RGBA")}
HOW = {"PNG": {}, "JPEG": {"quality": 90}, "GIF": {}, "WEBP": {"quality": 90}}

Image.MAX_IMAGE_PIXELS = PIXELS // 2  # Pillow gives up at twice this, also within a file
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

BROKEN = (  # what Pillow raises for a file that ends early, or only begins like a picture
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError,
    struct.error, zlib.error,
)  # fmt: skip

_one = threading.Lock()  # a picture in memory is large, so there is one at a time


def anew(data: bytes, kind: str, name: str) -> bytes | None:
    """The same picture and nothing else: no place, no camera, no words, no second file; turned as it is seen.

    None when this is no picture after all, Sorry when it is too large to be opened.
    """
    with _one:
        try:
            with Image.open(io.BytesIO(data), formats=[FORMATS[kind]]) as picture:
                frames = 1 if kind == "image/jpeg" else getattr(picture, "n_frames", 1)
                if picture.width * picture.height * frames > PIXELS:
                    raise _large(name)
                return _drawn(picture, FORMATS[kind], frames)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            raise _large(name) from None
        except BROKEN:
            return None


def _large(name: str) -> Sorry:
    return Sorry(
        f"{name} is larger than {PIXELS // 1_000_000} million pixels when it is opened. A smaller copy fits.",
        field="files",
    )


def _drawn(picture: Image.Image, form: str, frames: int) -> bytes:
    out = io.BytesIO()
    if frames == 1:
        ImageOps.exif_transpose(picture, in_place=True)
        _bare(picture, form).save(out, form, **HOW[form])
        return out.getvalue()
    kept, durations = [], []
    for frame in ImageSequence.Iterator(picture):
        durations.append(frame.info.get("duration", 100))
        kept.append(_bare(frame.copy(), form))
    how = HOW[form] | {"duration": durations, "loop": picture.info.get("loop", 0)}
    kept[0].save(out, form, save_all=True, append_images=kept[1:], **how)
    return out.getvalue()


def _bare(frame: Image.Image, form: str) -> Image.Image:
    """What is seen and nothing that is only told."""
    frame.info = {name: told for name, told in frame.info.items() if name == "transparency"}
    modes = MODES.get(form)
    if modes and frame.mode not in modes:
        see_through = "RGBA" in modes and frame.has_transparency_data
        return frame.convert("RGBA" if see_through else "RGB")
    return frame
