"""A stand-in for the Solr of a CKAN under test: as much of it as CKAN's own questions need.

It keeps the documents that CKAN sends, and answers filters of the kinds `field:value`,
`field:"value"`, `field:(a OR b)` and `field:[from TO to]`, joined by AND, sorting and paging. It is
no search engine: words are looked for as substrings, and nothing is ranked. It refuses what it does
not understand with 400, so that a test never passes because a filter was overlooked.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SCHEMA = b'<?xml version="1.0" encoding="UTF-8"?><schema name="ckan-2.12" version="1.6"/>'
_TOKEN = re.compile(
    r"\s*(?:(?P<open>[+-]?\()|(?P<close>\))|(?P<join>AND|OR)\b"
    r'|(?P<sign>[+-]?)(?P<field>\w+):(?:"(?P<quoted>[^"]*)"|\((?P<list>[^()]*)\)'
    r"|\[(?P<low>\S+) TO (?P<high>[^\]\s]+)\]|(?P<word>[^\s()\"]+)))"
)
_ANY = re.compile(r'"([^"]*)"|([^\s"()]+)')


class SearchStub:
    """The index, and the server that answers for it. `base` is what CKAN calls `solr_url`."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        stub = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(urlsplit(self.path).query)

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

            def _answer(self, said: str) -> None:
                path = urlsplit(self.path).path
                try:
                    if path.endswith("/select/"):
                        body, kind = stub.select(parse_qs(said)), "application/json"
                    elif "/update" in path:
                        body, kind = stub.update(said), "application/json"
                    elif path.endswith("/schema"):
                        body, kind = SCHEMA, "application/xml"
                    else:
                        raise ValueError(f"no such door: {path}")
                    status = 200
                except ValueError as error:
                    status, body, kind = (
                        400,
                        json.dumps({"error": {"msg": str(error)}}).encode(),
                        "text/plain",
                    )
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.base = f"http://127.0.0.1:{self._server.server_port}/solr/ckan"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def select(self, asked: dict[str, list[str]]) -> bytes:
        found = list(self.documents.values())
        for text in (*asked.get("fq", []), *asked.get("q", ["*:*"])):
            found = [one for one in found if matches(one, text)]
        for order in reversed(asked.get("sort", [""])[0].split(",")):
            field, _, way = order.strip().partition(" ")
            if field and field != "score":
                found.sort(key=lambda one: str(one.get(field) or ""), reverse=way == "desc")
        start, rows = int(asked.get("start", ["0"])[0]), int(asked.get("rows", ["10"])[0])
        answer = {
            "responseHeader": {"status": 0, "QTime": 1},
            "response": {
                "numFound": len(found),
                "start": start,
                "docs": found[start : start + rows],
            },
            "facet_counts": {"facet_fields": {}},
        }
        return json.dumps(answer).encode()

    def update(self, said: str) -> bytes:
        if said.startswith("["):
            for one in json.loads(said):
                self.documents[one["index_id"]] = one
        elif deleted := re.search(r"<query>(.*)</query>", said):
            text = deleted[1].replace("&quot;", '"')
            gone = [key for key, one in self.documents.items() if matches(one, text)]
            for key in gone:
                del self.documents[key]
        elif not said.startswith(("<commit", "<optimize")) and said:
            raise ValueError(f"not understood: {said[:80]}")
        return b'{"responseHeader":{"status":0}}'


def matches(document: dict[str, Any], text: str) -> bool:
    """Whether a document answers a question. Raises ValueError for one that is not understood."""
    said = text.strip()
    if said in ("", "*:*"):
        return True
    if ":" not in said:
        return said.casefold() in json.dumps(document, ensure_ascii=False).casefold()
    tokens, at = [], 0
    while at < len(said):
        token = _TOKEN.match(said, at)
        if token is None:
            raise ValueError(f"not understood at {at}: {text[:200]}")
        tokens.append(token)
        at = token.end()
        at += len(said[at:]) - len(said[at:].lstrip())
    answer, rest = _all(document, tokens)
    if rest:
        raise ValueError(f"a parenthesis too many: {text[:200]}")
    return answer


def _all(document: dict[str, Any], tokens: list[re.Match[str]]) -> tuple[bool, list[re.Match[str]]]:
    """What tokens say up to the end or a closing parenthesis: terms side by side must all hold."""
    answer, either = True, False
    while tokens and not tokens[0]["close"]:
        token, tokens = tokens[0], tokens[1:]
        if token["join"]:
            either = token["join"] == "OR"
            continue
        if token["open"]:
            one, tokens = _all(document, tokens)
            if not tokens:
                raise ValueError("a parenthesis is missing")
            tokens = tokens[1:]
            one = one != token["open"].startswith("-")
        else:
            one = _holds(document, token) != (token["sign"] == "-")
        answer, either = (answer or one) if either else (answer and one), False
    return answer, tokens


def _holds(document: dict[str, Any], term: re.Match[str]) -> bool:
    said = document.get(term["field"])
    values = [str(one) for one in (said if isinstance(said, list) else [said]) if one is not None]
    if term["low"] is not None:
        low, high = term["low"], term["high"]
        return any((low == "*" or one >= low) and (high == "*" or one <= high) for one in values)
    if term["list"] is not None:
        among = {a or b for a, b in _ANY.findall(term["list"])} - {"OR"}
        return bool(among & set(values))
    return (term["quoted"] if term["quoted"] is not None else term["word"]) in values
