"""Pictures as they are kept: what is seen stays, what is only told goes, and none is too large to open."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image, PngImagePlugin

from fireside.hearth import pictures
from fireside.hearth.errors import Sorry
from fireside.hearth.files import File, ready
from tests.attaching import bomb, picture

HIDDEN = b"51.5 north, 0.1 west"
KINDS = ["PNG", "JPEG", "GIF", "WEBP"]


def opened(data: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(data))
    found.load()
    return found


def telling(form: str) -> bytes:
    """A picture, wide and red above, blue below, that lies on its side and tells where it was made."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned a quarter to the right
    exif[ExifTags.Base.Make] = HIDDEN.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = HIDDEN
    image, out = Image.new("RGB", (40, 20), "red"), io.BytesIO()
    image.paste("blue", (0, 10, 40, 20))
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", HIDDEN.decode())
    more = {"JPEG": {"comment": HIDDEN}, "PNG": {"pnginfo": words}, "GIF": {"comment": HIDDEN}}.get(form, {})
    if form != "GIF":
        more |= {"exif": exif.tobytes(), "icc_profile": b"profile of " + HIDDEN}
    image.save(out, form, **more)
    return out.getvalue() + b"<script>" + HIDDEN + b"</script>"


@pytest.mark.parametrize("form", KINDS)
def test_where_and_how_it_was_made_goes_and_it_stands_upright(form: str) -> None:
    before = telling(form)
    assert before.count(HIDDEN) >= (1 if form == "GIF" else 3)
    after = pictures.anew(before, f"image/{form.lower()}", "rack")
    assert after is not None
    assert HIDDEN not in after
    assert b"<script>" not in after
    seen = opened(after)
    assert (seen.format, not seen.getexif()) == (form, True)
    if form != "GIF":
        assert seen.size == (20, 40)
        left, right = (seen.convert("RGB").getpixel((x, 20)) for x in (3, 16))
        assert left[2] > 200 > left[0], "what was below is left"
        assert right[0] > 200 > right[2]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_what_moves_goes_on_moving_as_fast(form: str) -> None:
    frames, out = [Image.new("RGB", (9, 9), colour) for colour in ("red", "lime", "blue")], io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=[100, 200, 300], loop=0)
    seen = opened(pictures.anew(out.getvalue(), f"image/{form.lower()}", "x") or b"")
    assert seen.n_frames == 3
    shown = []
    for number in range(3):
        seen.seek(number)
        seen.load()
        shown.append(seen.convert("RGB").getpixel((4, 4)))
    assert [max(range(3), key=colour.__getitem__) for colour in shown] == [0, 1, 2]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_way_to_write_colours_stays_a_picture(mode: str) -> None:
    form, out = "JPEG" if mode == "CMYK" else "PNG", io.BytesIO()
    Image.new("RGBA", (3, 3), (9, 9, 9, 40)).convert("L" if mode == "I;16" else mode).convert(mode).save(
        out, form
    )
    assert opened(pictures.anew(out.getvalue(), f"image/{form.lower()}", "x") or b"").size == (3, 3)


@pytest.mark.parametrize("size", [(7100, 7100), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_fill_the_memory_is_refused_by_its_name_and_nothing_is_kept(size, db) -> None:
    before = {*default_storage.listdir("files")[1]} if default_storage.exists("files") else set()
    uploads = [
        SimpleUploadedFile("fine.png", picture(), "image/png"), SimpleUploadedFile("sun.png", bomb(*size)),
    ]  # fmt: skip
    with pytest.raises(Sorry, match=r"sun\.png is larger than 50 million pixels"), ready(uploads):
        raise AssertionError("nobody gets here")
    assert {*default_storage.listdir("files")[1]} <= before


def test_many_small_frames_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PIXELS", 250)
    frames, out = [Image.new("RGB", (10, 10), (n, 0, 0)) for n in (1, 99, 200)], io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(Sorry, match="million pixels"):
        pictures.anew(out.getvalue(), "image/gif", "x")


def test_a_gif_that_breaks_off_where_a_frame_begins_is_a_download() -> None:
    whole = picture("GIF", (30, 20))
    assert pictures.anew(whole[:32] + whole[33:], "image/gif", "x") is None


@pytest.mark.parametrize("form", KINDS)
def test_what_only_begins_like_a_picture_is_a_download(form: str, db) -> None:
    whole = picture(form, (60, 60))
    for data in (whole[:24], whole[:-30] if form != "GIF" else whole[:40], whole[:16] + b"<html>" * 40):
        with ready([SimpleUploadedFile("x.png", data, "image/png")]) as [one]:
            assert one.type in ("application/octet-stream", f"image/{form.lower()}")
            assert one.type != "image/png" or form == "PNG"
            if one.type != "application/octet-stream":  # then it is a whole picture now
                opened(pictures.anew(data, one.type, "x") or b"")


def test_files_that_no_message_tells_of_after_all_leave_nothing_behind(db, room, ana) -> None:
    with ready([SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]) as [one, other]:
        File.add(room.say("see", by=ana), one)
    assert default_storage.exists(one.path)
    assert not default_storage.exists(other.path)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\temp\\plan.txt", "plan.txt"), ("..", "file"), ("/", "file"),
        (".env", ".env"), ("a\0b\n.txt", "ab.txt"), ("x" * 300, "x" * 150), ("‮gnp.exe", "gnp.exe"),
    ],
)  # fmt: skip
def test_a_name_is_a_name_and_no_way_to_anywhere(given: str, kept: str, db) -> None:
    upload = SimpleUploadedFile("x", b"x")
    upload._name = given
    with ready([upload]) as [one]:
        assert one.name == kept
