"""Pictures: what is taken, what is refused, what is left of it, and what the camera's notes are read as."""

import subprocess
import sys
import threading
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from chassis import pictures
from chassis.camera_notes import Notes
from chassis.errors import Invalid, TooLarge, Unavailable
from chassis.pictures import MEGABYTE, Limits, Picture, Pictures
from infra.contracts import ROOT
from tests.e2e import photos

DESK = Pictures(Limits())
TRACES = (
    b"Exif",
    b"xmpmeta",
    b"ICC_PROFILE",
    b"Photoshop",
    b"iCCP",
    b"tEXt",
    b"iTXt",
    b"zTXt",
    b"eXIf",
    b"ICCP",
)


def cleaned(upload: bytes, desk: Pictures = DESK) -> tuple[Picture, Notes]:
    return desk.clean(BytesIO(upload))


def opened(body: bytes) -> Image.Image:
    return Image.open(BytesIO(body))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_of_all_that_a_file_carries_only_pixels_are_left(kind: str) -> None:
    upload = photos.with_everything(kind)
    assert photos.SECRET in upload
    picture, _ = cleaned(upload)
    for stored in (picture.body, picture.thumbnail):
        assert photos.SECRET not in stored
        assert not [trace for trace in TRACES if trace in stored]
        assert (
            not set(opened(stored).info)
            - {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop"}
            - {
                "background",
                "timestamp",
                "duration",
            }
        )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_time_and_place_are_told_before_they_are_thrown_away(kind: str) -> None:
    _, notes = cleaned(photos.with_everything(kind))
    assert notes.taken_at == datetime(2026, 3, 5, 6, 30, tzinfo=UTC)
    assert notes.location == {"lng": 117.201, "lat": 39.123333}


def noted(**more: Any) -> Notes:
    """The notes of a photo whose time or place is as given."""
    exif = Image.Exif()
    if "time" in more:
        exif[0x8769] = {0x9003: more["time"], **({0x9011: more["zone"]} if "zone" in more else {})}
    if "place" in more:
        exif[0x8825] = more["place"]
    return cleaned(photos.encoded(photos.picture(), "JPEG", exif=exif))[1]


def test_a_camera_that_names_no_zone_shows_the_time_of_china() -> None:
    assert noted(time="2026:03:05 14:30:00").taken_at == datetime(2026, 3, 5, 6, 30, tzinfo=UTC)
    assert noted(time="2026:03:05 14:30:00", zone="+00:00").taken_at == datetime(
        2026, 3, 5, 14, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "time", ["0000:00:00 00:00:00", "2099:01:01 00:00:00", "1970:01:01 00:00:00", "x", "", "\0"]
)
def test_a_time_that_makes_no_sense_is_none(time: str) -> None:
    assert noted(time=time).taken_at is None


def test_a_place_south_and_west_has_negative_degrees() -> None:
    place = {1: "S", 2: (33.0, 27.0, 0.0), 3: "W", 4: (70.0, 40.0, 12.0)}
    assert noted(place=place).location == {"lng": -70.67, "lat": -33.45}


@pytest.mark.parametrize(
    "place",
    [
        {1: "N", 2: (39.0, 7.0, 24.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (117.0, 0.0, 0.0)},
        {1: "Q", 2: (39.0, 0.0, 0.0), 3: "E", 4: (117.0, 0.0, 0.0)},
        {1: "N", 2: (39.0, 0.0), 3: "E", 4: (117.0, 0.0, 0.0)},
        {1: "", 2: (39.0, 0.0, 0.0), 3: "E", 4: (117.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_makes_no_sense_is_none(place: dict[int, Any]) -> None:
    assert noted(place=place).location is None


def test_notes_of_broken_bytes_do_not_refuse_the_photo() -> None:
    exif = b"Exif\0\0" + photos.exif().tobytes()[6:40] + photos.noise(60)
    picture, notes = cleaned(photos.encoded(photos.picture(), "JPEG", exif=exif))
    assert (picture.width, notes) == (64, Notes())


@pytest.mark.parametrize("what", photos.NOT_PHOTOS)
def test_what_is_no_acceptable_photo_is_refused(what: str) -> None:
    with pytest.raises(Invalid):
        cleaned(photos.NOT_PHOTOS[what])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_file_cut_anywhere_is_refused(kind: str) -> None:
    image = Image.effect_noise((160, 120), 60).convert("RGB")
    whole = photos.encoded(image, kind)
    for share in (0.02, 0.2, 0.5, 0.8, 0.95):
        with pytest.raises(Invalid):
            cleaned(whole[: int(len(whole) * share)])


def test_heic_becomes_an_upright_jpeg() -> None:
    picture, _ = cleaned(photos.encoded(photos.picture(), "HEIF", exif=photos.exif(6).tobytes()))
    image = opened(picture.body)
    assert (image.format, picture.content_type, image.size) == ("JPEG", "image/jpeg", (48, 64))
    top, bottom = (photos.shade(image, (24, y)) for y in (10, 54))
    assert top[0] > top[2]
    assert bottom[2] > bottom[0]


@pytest.mark.parametrize(("mode", "stored"), [("RGBA", "RGB"), ("L", "L")])
def test_heic_of_other_pixels_becomes_a_jpeg_too(mode: str, stored: str) -> None:
    picture, _ = cleaned(photos.encoded(photos.picture(mode), "HEIF"))
    assert (opened(picture.body).format, opened(picture.body).mode) == ("JPEG", stored)


def test_of_several_pictures_in_a_heic_the_first_is_kept() -> None:
    picture, _ = cleaned(photos.animated("HEIF"))
    assert (picture.width, getattr(opened(picture.body), "n_frames", 1)) == (64, 1)


def test_a_heic_that_is_larger_than_it_claims_is_measured_by_what_it_is() -> None:
    upload = photos.heic_that_claims((1024, 1024), (64, 64))
    with pytest.raises(Invalid):
        cleaned(upload, Pictures(Limits(megapixels=1)))


def test_a_zip_behind_a_photo_is_not_stored() -> None:
    upload = photos.polyglot()
    assert zipfile.is_zipfile(BytesIO(upload))
    picture, _ = cleaned(upload)
    assert not zipfile.is_zipfile(BytesIO(picture.body))
    assert b"PK" not in picture.body + picture.thumbnail


def test_limits_are_kept_to_the_byte_and_the_pixel() -> None:
    desk = Pictures(Limits(megabytes=1, megapixels=1))
    good = photos.encoded(photos.picture(), "JPEG")
    cleaned(good + bytes(MEGABYTE - len(good)), desk)
    with pytest.raises(TooLarge):
        cleaned(good + bytes(MEGABYTE - len(good) + 1), desk)
    cleaned(photos.encoded(Image.new("1", (1000, 1000)), "PNG"), desk)
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        with pytest.raises(Invalid):
            cleaned(photos.encoded(Image.new("L", (1008, 1000)), kind), desk)


def test_without_the_plugin_heic_is_refused_in_clear_words_and_all_else_works(tmp_path: Any) -> None:
    (tmp_path / "a.heic").write_bytes(photos.heic())
    (tmp_path / "a.jpg").write_bytes(photos.encoded(photos.picture(), "JPEG"))
    script = f"""
import sys
sys.modules["pillow_heif"] = None
from chassis.errors import Invalid
from chassis.pictures import Limits, Pictures
desk = Pictures(Limits())
assert desk.clean(open({str(tmp_path / "a.jpg")!r}, "rb"))[0].width == 64
try:
    desk.clean(open({str(tmp_path / "a.heic")!r}, "rb"))
except Invalid as refusal:
    print(refusal.extra["errors"]["file"][0], refusal.extra["errors_zh"]["file"][0])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    en, zh = "This server cannot read HEIC photos: send it as JPEG.", "此服务器不能读取 HEIC 照片"
    assert done.stdout.startswith(f"{en} {zh}")


class Slow(BytesIO):
    """A file whose reading takes until it is let go."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.begun, self.go = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.begun.set()
        self.go.wait(30)
        return super().read(size)


def test_no_more_pictures_are_worked_on_at_once_than_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_PATIENCE", 0.05)
    desk, first = Pictures(Limits(at_once=1)), Slow(photos.encoded(photos.picture(), "JPEG"))
    done: list[Picture] = []
    worker = threading.Thread(target=lambda: done.append(desk.clean(first)[0]))
    worker.start()
    first.begun.wait(30)
    with pytest.raises(Unavailable):
        cleaned(photos.encoded(photos.picture(), "JPEG"), desk)
    first.go.set()
    worker.join(30)
    assert [one.width for one in done] == [64]
    assert cleaned(photos.encoded(photos.picture(), "JPEG"), desk)[0].width == 64


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGBA"), ("WEBP", "RGB")])
def test_what_lies_in_a_box_is_black_in_the_photo_and_its_thumbnail(kind: str, mode: str) -> None:
    white = Image.new(mode, (1200, 900), "white")
    picture, _ = cleaned(photos.encoded(white, kind))
    black = DESK.blacken(picture.body, [(300, 300, 900, 600)])
    image, small = opened(black.body).convert("RGB"), opened(black.thumbnail).convert("RGB")
    assert (image.size, black.content_type) == ((1200, 900), picture.content_type)
    for edge in ((310, 310), (890, 590), (600, 450)):
        assert max(photos.shade(image, edge)) < 16
    assert max(photos.shade(small, (240, 180))) < 16
    assert min(photos.shade(image, (100, 100))) > 240
