"""Uploads that are no acceptable photo: refused by looking inside, whatever they are called."""

import pytest
from urllib3 import encode_multipart_formdata

from tests.e2e import photos
from tests.e2e.doors import Doors
from tests.e2e.operations import Operation, all_operations

MEBI = 1024 * 1024
UPLOAD = next(one for one in all_operations() if one.path == "/v1/media" and one.method == "POST")


def form(*parts: tuple[str, bytes | str | tuple[str, bytes]]) -> tuple[bytes, dict[str, str]]:
    body, content_type = encode_multipart_formdata(list(parts))
    return body, {"Content-Type": content_type}


def refuses(doors: Doors, what: str, body: bytes, headers: dict[str, str], *statuses: int) -> None:
    doors.refuses(UPLOAD, what, body=body, headers=headers, statuses=statuses, names="file")


@pytest.mark.parametrize("what", photos.NOT_PHOTOS)
def test_what_is_no_acceptable_photo_is_refused_whatever_its_name(doors: Doors, what: str) -> None:
    body, headers = form(("file", ("photo.jpg", photos.NOT_PHOTOS[what])))
    refuses(doors, what, body, headers, 422)


def test_forms_without_one_file_named_file_are_refused(doors: Doors) -> None:
    good = photos.encoded(photos.picture(), "JPEG")
    whole, kind = form(("file", ("a.jpg", good)))
    for what, (body, headers) in {
        "a text named file": form(("file", "x")),
        "no form": (good, {"Content-Type": "image/jpeg"}),
        "JSON": (b'{"file": "x"}', {"Content-Type": "application/json"}),
        "an empty form": form(),
        "a form without its boundary": (whole, {"Content-Type": "multipart/form-data"}),
        "a form cut short": (whole[:200], kind),
    }.items():
        refuses(doors, what, body, headers, 422)
    for what, parts in {
        "a file of another name beside": form(("file", ("a.jpg", good)), ("more", ("b.jpg", good))),
        "no file but a text": form(("more", "x")),
        "a text beside": form(("file", ("a.jpg", good)), ("more", "x")),
    }.items():
        doors.refuses(UPLOAD, what, body=parts[0], headers=parts[1], statuses=(422,), names="more")


def test_more_than_10_megabytes_are_refused(doors: Doors) -> None:
    over, headers = form(("file", ("a.jpg", photos.noise(10 * MEBI + 1))))
    refuses(doors, "10 MB and a byte", over, headers, 413)
    far_over, headers = form(("file", ("a.jpg", photos.noise(30 * MEBI))))
    refuses(doors, "30 MB", far_over, headers, 413)


def test_a_body_in_chunks_is_refused_for_its_unknown_length(doors: Doors) -> None:
    body, headers = form(("file", ("a.jpg", photos.encoded(photos.picture(), "JPEG"))))
    for operation, content in ((UPLOAD, body), (_report(), b'{"category": "safety"}')):
        kind = headers if operation is UPLOAD else {"Content-Type": "application/json"}
        doors.refuses(
            operation,
            "in chunks",
            body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content),
            headers={**kind, "Transfer-Encoding": "chunked"},
            statuses=(411,),
        )


def _report() -> Operation:
    return next(one for one in all_operations() if one.path == "/v1/issues" and one.method == "POST")


def test_a_changed_or_expired_link_opens_nothing(doors: Doors) -> None:
    show = next(one for one in all_operations() if one.path == "/v1/media/{media_id}")
    for query in (
        "expires=1&signature=x",
        "expires=9999999999&signature=%E2%82%AC",
        "expires=1&signature=%00",
    ):
        doors.refuses(show, query, target=f"{show.address()}?{query}", anonymous=True, statuses=(403,))
