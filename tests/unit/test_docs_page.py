"""The browsable page of the API."""

import orjson

from gateway.docs_page import PAGE, assets_folder
from infra.contracts import ROOT


def test_the_page_library_reads_the_openapi_version_that_is_served() -> None:
    served = orjson.loads((ROOT / "docs/openapi/gateway.json").read_bytes())["openapi"]
    library = (assets_folder() / "VERSION").read_text().strip().removeprefix("v")
    assert served.startswith("3.1")
    assert int(library.split(".")[0]) >= 5, "Swagger UI before 5 refuses OpenAPI 3.1"


def test_every_file_that_the_page_loads_is_there() -> None:
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert f"/docs/assets/{name}" in PAGE
        assert (assets_folder() / name).is_file()
