"""Photos: stored upright, without a trace of where and with what they were taken, whatever their pixels."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from demo.client import Person
from demo.district import District
from infra.local.deployment import Deployment
from tests.e2e import photos
from tests.e2e.doors import people

MEBI = 1024 * 1024
TRACES = (b"Exif", b"xmpmeta", b"ICC_PROFILE", b"Photoshop", b"iCCP", b"tEXt", b"iTXt", b"zTXt", b"eXIf")


@pytest.fixture
def resident(district: District) -> Person:
    return people(district)[2]


def kept(resident: Person, upload: bytes) -> tuple[Image.Image, Image.Image, list[bytes]]:
    """What is stored of an upload: the photo, its thumbnail, and the bytes of both."""
    answer = resident.upload(upload)
    files = [resident.api.send("GET", answer[name]).content for name in ("url", "thumbnail_url")]
    photo, thumbnail = (Image.open(BytesIO(one)) for one in files)
    assert (answer["width"], answer["height"], answer["size"]) == (*photo.size, len(files[0]))
    assert answer["content_type"] == Image.MIME[str(photo.format)]
    return photo, thumbnail, files


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_but_pixels_is_stored(resident: Person, kind: str) -> None:
    upload = photos.with_everything(kind)
    assert photos.SECRET in upload
    photo, _, files = kept(resident, upload)
    assert photo.format == ("JPEG" if kind == "HEIF" else kind)
    for stored in files:
        assert photos.SECRET not in stored
        for trace in TRACES:
            assert trace not in stored, trace


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_taken_sideways_is_stored_upright(resident: Person, kind: str) -> None:
    photo, thumbnail, _ = kept(resident, photos.encoded(photos.picture(), kind, exif=photos.exif(6)))
    assert photo.size == thumbnail.size == (48, 64)
    top, bottom = (photo.convert("RGB").getpixel((24, y)) for y in (10, 54))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > top[2]
    assert bottom[2] > bottom[0]


@pytest.mark.parametrize(
    ("mode", "kind", "stored"),
    [
        ("L", "JPEG", "L"),
        ("CMYK", "JPEG", "RGB"),
        ("1", "PNG", "L"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("I;16", "PNG", "L"),
        ("RGBA", "PNG", "RGBA"),
        ("RGBA", "WEBP", "RGBA"),
    ],
)
def test_every_kind_of_pixel_is_taken(resident: Person, mode: str, kind: str, stored: str) -> None:
    image = Image.new("I;16", (64, 48), 40_000) if mode == "I;16" else photos.picture(mode)
    photo, thumbnail, _ = kept(resident, photos.encoded(image, kind))
    assert (photo.format, photo.mode, photo.size, thumbnail.format) == (kind, stored, (64, 48), "JPEG")
    if mode == "I;16":
        assert photo.getpixel((0, 0)) == 40_000 // 256


def test_what_shines_through_stays_transparent_and_is_white_in_the_thumbnail(
    resident: Person,
) -> None:
    image = Image.new("P", (64, 48), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    photo, thumbnail, _ = kept(resident, photos.encoded(image, "PNG", transparency=1))
    assert photo.getpixel((0, 0)) == (255, 0, 0, 0)
    assert thumbnail.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["MPO", "PNG", "WEBP"])
def test_of_several_pictures_in_a_file_the_first_is_kept(resident: Person, kind: str) -> None:
    photo, _, _ = kept(resident, photos.animated(kind))
    assert photo.format == ("JPEG" if kind == "MPO" else kind)
    assert getattr(photo, "n_frames", 1) == 1


def test_a_photo_at_the_limits_is_taken_and_its_thumbnail_is_small(resident: Person) -> None:
    photo, thumbnail, _ = kept(resident, photos.encoded(Image.new("L", (8_000, 5_000), 90), "JPEG"))
    assert photo.size == (8_000, 5_000)
    assert thumbnail.size == (480, 300)


def peak_of(processes: list[int]) -> int:
    """The most memory that the processes ever held, in bytes, summed."""
    lines = (Path(f"/proc/{pid}/status").read_text().splitlines() for pid in processes)
    return sum(int(line.split()[1]) * 1024 for text in lines for line in text if line.startswith("VmHWM:"))


def gateway_processes(deployment: Deployment) -> Iterator[int]:
    """The gateway's master and workers: the processes told its port."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"PORT=%d" % deployment.ports.gateway in told and int(entry.name) != os.getpid():
                yield int(entry.name)


def test_large_uploads_pass_through_the_gateway_without_being_held_there(
    deployment: Deployment, resident: Person
) -> None:
    upload = photos.encoded(photos.picture(), "JPEG")
    large = upload + photos.noise(9 * MEBI)  # trailing bytes are no part of the picture
    processes = list(gateway_processes(deployment))
    assert len(processes) >= 2
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: resident.upload(upload), range(24)))  # every thread has begun
        before = peak_of(processes)
        answers = list(pool.map(lambda _: resident.upload(large), range(12)))
        grown = peak_of(processes) - before
    assert all(answer["width"] == 64 for answer in answers)
    # Some 4 MiB each for reading ahead, however large the upload; held whole they would be 108 MiB.
    assert grown < 12 * 7 * MEBI, f"{grown / MEBI:.1f} MiB more under twelve uploads of 9 MiB at once"
