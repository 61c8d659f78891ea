"""The browsable page of the API, with its assets served from here: it works in networks without a way out."""

from pathlib import Path

import flask_swagger_ui

PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>小巷管家 API · Alley Steward</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, docExpansion: "list"});
</script>
</body>
</html>
"""


def assets_folder() -> Path:
    """Where the library keeps the page's files."""
    return Path(flask_swagger_ui.__file__).parent / "dist"
