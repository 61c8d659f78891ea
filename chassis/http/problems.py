"""Errors → RFC 9457 problem documents: the one place that knows status codes."""

from typing import Any

import orjson
from flask import Flask, Response, g, has_request_context, request
from marshmallow import ValidationError
from pymongo.errors import ConnectionFailure, ExecutionTimeout
from werkzeug.exceptions import HTTPException

from chassis import errors, logs
from chassis.http.field_messages import in_language

CONTENT_TYPE = "application/problem+json"
_TITLES = {
    400: ("请求无法理解", "The request cannot be understood"),
    401: ("需要登录", "Sign-in needed"),
    403: ("没有权限", "Not allowed"),
    404: ("找不到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    409: ("与当前状态冲突", "In conflict with the present state"),
    412: ("内容已被他人更新", "Changed by somebody else meanwhile"),
    411: ("须注明长度", "Length needed"),
    413: ("内容过大", "Too large"),
    414: ("地址过长", "The address is too long"),
    415: ("不支持的格式", "Unsupported format"),
    422: ("内容有误", "The content is not valid"),
    429: ("请求过于频繁", "Too many requests"),
    431: ("请求头过大", "The header fields are too large"),
    500: ("系统内部错误", "Internal error"),
    502: ("服务暂时无法应答", "The service behind gave no usable answer"),
    503: ("服务暂不可用", "Temporarily unavailable"),
    504: ("服务应答超时", "The service behind did not answer in time"),
}
_UNKNOWN = (
    "请求可能已经执行：请先查看结果，或以同一个 Idempotency-Key 重发。",
    "It may have been carried out: look first, or send it again with the same Idempotency-Key.",
)
_DETAILS = {
    400: ("请检查请求格式：正文须为 JSON。", "Check the form of the request: the body must be JSON."),
    404: ("没有这个地址，请查看 /docs。", "There is no such address: see /docs."),
    405: ("请查看 /docs 中此地址支持的方法。", "See /docs for the methods of this address."),
    411: (
        "请注明 Content-Length，不支持分块传输。",
        "Send a Content-Length, and no chunks.",
    ),
    413: ("请减小内容后重试。", "Send a smaller body."),
    415: ("请使用 Content-Type: application/json。", "Use Content-Type: application/json."),
    422: ("请修改 errors 中列出的字段。", "Correct the fields listed in errors."),
    500: ("问题已记录，请稍后重试。", "It has been recorded. Try again later."),
    502: _UNKNOWN,
    503: ("请稍后重试。", "Try again in a moment."),
    504: _UNKNOWN,
}
_STATUS: dict[type[errors.Refusal], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
_MOST_ERRORS = 50
_LONGEST_NAME = 100
log = logs.get()


def language() -> str:
    """`zh` or `en`, by Accept-Language; Chinese where nothing is said."""
    if not has_request_context():
        return "zh"
    return request.accept_languages.best_match(["zh", "en"], default="zh") or "zh"


def problem(status: int, code: str | None = None, detail: str | None = None, **extra: Any) -> Response:
    """A problem document in the caller's language."""
    index = 1 if language() == "en" else 0
    title = _TITLES.get(status, ("请求未完成", "The request was not carried out"))[index]
    document = {
        "type": f"/problems/{code or str(status)}",
        "title": title,
        "status": status,
        "detail": detail or _DETAILS.get(status, (title, title))[index],
        "instance": request.path,
        **extra,
    }
    response = Response(orjson.dumps(document, default=str), status, content_type=CONTENT_TYPE)
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    if "retry_after" in extra:
        response.headers["Retry-After"] = str(extra["retry_after"])
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def status_of(error: errors.Refusal) -> int:
    """The HTTP status of a refusal."""
    return next(code for kind, code in _STATUS.items() if isinstance(error, kind))


def from_refusal(error: errors.Refusal) -> Response:
    """The problem document of a refusal."""
    status = status_of(error)
    english = language() == "en"
    extra = {name: value for name, value in error.extra.items() if name != "errors_zh"}
    if not english and "errors_zh" in error.extra:
        extra["errors"] = error.extra["errors_zh"]
    return problem(status, error.code, error.en if english else error.zh, **extra)


def from_http(error: HTTPException) -> Response:
    """The problem document of a framework error (404, 405, 413, a validation failure, …)."""
    status = error.code or 500
    extra: dict[str, Any] = {}
    data = getattr(error, "data", None)
    if isinstance(data, dict) and "messages" in data:
        extra["errors"] = _of_every_place(data["messages"])
    response = problem(status, **extra)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def flatten(messages: Any) -> dict[str, list[str]]:
    """Marshmallow's nested messages as `{"location.lng": ["…"]}` in the caller's language.

    At most 50 fields and 100 characters of a name: an answer is not as long as what it refuses.
    """
    flat: dict[str, list[str]] = {}
    spoken = language()

    def walk(node: Any, path: tuple[str, ...]) -> None:
        if len(flat) >= _MOST_ERRORS:
            return
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, path if key == "_schema" else (*path, str(key)[:_LONGEST_NAME]))
        else:
            texts = [str(one) for one in (node if isinstance(node, list) else [node])]
            flat.setdefault(".".join(path) or "body", []).extend(in_language(one, spoken) for one in texts)

    walk(messages, ())
    return flat


def _of_every_place(messages: dict[str, Any]) -> dict[str, list[str]]:
    """The messages about a body, a query or a form, which webargs keeps apart by place."""
    return {name: texts for place in messages.values() for name, texts in flatten(place).items()}


def register(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(errors.Refusal, from_refusal)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(ValidationError, lambda error: problem(422, errors=flatten(error.messages)))
    for outage in (ConnectionFailure, ExecutionTimeout):
        app.register_error_handler(outage, _outage)
    app.register_error_handler(Exception, _unforeseen)


def _outage(error: Exception) -> Response:
    log.warning("http.database-away", reason=str(error)[:200])
    return problem(503, "database-away", retry_after=2)


def _unforeseen(error: Exception) -> Response:
    log.exception("http.unforeseen", path=logs.without_signature(request.path), exc_info=error)
    return problem(500)
