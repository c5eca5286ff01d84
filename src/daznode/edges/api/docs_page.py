"""The OpenAPI document as one page for people: no script, no request to anywhere."""

import json
from html import escape
from typing import Any, Final

CONTENT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

_METHODS: Final = ("get", "put", "post", "delete")

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --word: #2563eb; }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 58rem; padding: 1.5rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
details details { border-style: dashed; }
summary { cursor: pointer; }
summary b { color: var(--word); display: inline-block; width: 3.6rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { background: var(--soft); border-radius: 6px; max-height: 24rem; overflow: auto; padding: .7rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
"""


def docs_page(document: dict[str, Any]) -> str:
    """A page with every route, its parameters, a command that asks it, and recorded answers."""
    info = document["info"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
        _paragraphs(info["description"]),
        "<p>For programs: <a href='/openapi.json'>openapi.json</a>.</p>",
    ]
    for tag in document.get("tags", []):
        parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>")
        for path, item in document["paths"].items():
            parts.extend(
                _operation(path, method, item[method])
                for method in _METHODS
                if method in item and tag["name"] in item[method].get("tags", [])
            )
    parts.append("</body></html>")
    return "".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    words = [
        f"<details id='{escape(operation['operationId'])}'>",
        f"<summary><b>{method.upper()}</b> <code>{escape(path)}</code>",
        f" {escape(operation.get('summary', ''))}</summary>",
        _paragraphs(operation.get("description", "")),
        _parameters(operation.get("parameters", [])),
        f"<pre>{escape(_command(path, method, operation))}</pre>",
        *(_response(status, said) for status, said in operation["responses"].items()),
        "</details>",
    ]
    return "".join(words)


def _paragraphs(text: str) -> str:
    return "".join(
        f"<p>{escape(part).replace('**', '')}</p>" for part in text.split("\n\n") if part.strip()
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}"
        f"{'' if one.get('required') else ', optional'}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in parameters
    )
    return f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{rows}</table>"


def _command(path: str, method: str, operation: dict[str, Any]) -> str:
    """What asks this route from a shell."""
    words = ["curl"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if "security" in operation:
        words.append('-H "Authorization: Bearer $TOKEN"')
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if body:
        example = json.dumps(body.get("example", {}))
        words.append(f"-H 'Content-Type: application/json' -d '{example}'")
    return f'{" ".join(words)} "$HOST{path}"'


def _response(status: str, said: dict[str, Any]) -> str:
    examples = [
        f"<p><code>{escape(media)}</code></p><pre>{escape(_pretty(content['example']))}</pre>"
        for media, content in said.get("content", {}).items()
        if content.get("example")
    ]
    title = f"{escape(status)} {escape(said.get('description', ''))}"
    if not examples:
        return f"<p>{title}</p>"
    return f"<details><summary>{title}</summary>{''.join(examples)}</details>"


def _pretty(example: object) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)
