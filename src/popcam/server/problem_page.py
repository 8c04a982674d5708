"""A failure as a small page, for a person whose browser asked for one: what is wrong, what to do, no script."""

from html import escape
from typing import Final

from starlette.requests import Request

from popcam.core.language import Language, Text
from popcam.server.problem_model import Problem

_REQUEST: Final = Text("Request", "请求编号")
_PAGE: Final = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · popcam</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.6 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center }}
main {{ max-width: 34rem; padding: 2rem }}
h1 {{ font-size: 1.4rem; line-height: 1.3 }}
small {{ opacity: .7 }}
</style>
</head>
<body><main>
<h1>{title}</h1>
<p>{detail}</p>
<p>{hint}</p>
<p><small>{status} · {code} · {request}: {request_id}</small></p>
</main></body>
</html>
"""


def wants_page(request: Request) -> bool:
    """Whether a browser asked for this to show it: it says `Sec-Fetch-Mode: navigate`, and takes HTML.

    Programs, and the console's own requests, get problem details.
    """
    headers = request.headers
    return headers.get("sec-fetch-mode") == "navigate" and "text/html" in headers.get("accept", "")


def problem_page(problem: Problem, language: Language) -> str:
    """The page. All texts are escaped: a detail may hold what somebody sent."""
    return _PAGE.format(
        lang="zh-CN" if language == "zh" else "en",
        title=escape(problem.title),
        detail=escape(problem.detail),
        hint=escape(problem.hint),
        status=problem.status,
        code=escape(problem.code),
        request=_REQUEST.in_language(language),
        request_id=escape(problem.request_id),
    )
