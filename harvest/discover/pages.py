"""One page of HTML as what a visitor could do there: links, forms, and the words around each.

Pure, and safe on anything: the parser never fetches, and whatever it is given it makes a page.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from catalog.naming import fold

LARGEST = 2 << 20  # bytes of one page
MOST_DOORS = 1500  # links and forms of one page
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = {"p", "li", "td", "th", "dd", "dt", "div", "section", "article", "aside", "figure", "tr"}
HIDDEN = {"script", "style", "template", "noscript", "svg", "iframe", "object", "head"}
FOLDED = {"summary", "dt", "caption", "legend"}  # headings of an accordion, a list, a table
ACCORDION = re.compile(r"accordion|accordeon|collaps|toggle|panel-title|faq|onglet", re.I)
MOST_HEADING = 90  # characters: a bold paragraph that is longer is a sentence
LEADS_ON = re.compile(r"""(?:location(?:\.href)?\s*=|open\()\s*['"]([^'"]+)['"]""")
FILE = re.compile(r"\.(pdf|docx?|odt|rtf|xlsx?|ods)$", re.IGNORECASE)
NO_FIELD = ("hidden", "submit", "button", "image")
LONGEST_CONTEXT = 400  # characters
# Places of a page that speak of something else, by what their author calls them.
NEWS = re.compile(
    r"(^|[-_ ])(actu\w*|news\w*|agenda|blog|evenements?|events?|alaune|slider|carousel)([-_ ]|$)",
    re.I,
)
AD = re.compile(r"(^|[-_ ])(pub|ads?|advert\w*|annonces?|sponsor\w*|partenaires?)([-_ ]|$)", re.I)

type Node = Any  # lxml gives its elements no types


@dataclass(frozen=True, slots=True)
class Door:
    """Something to click or to send, with the folded words around it."""

    url: str
    text: str  # as shown
    own: str  # its own words, folded
    around: str  # the words of its paragraph or list item, folded
    headings: str  # the headings above it, folded, nearest first
    place: str = "body"  # body|menu|news|ad|footer
    form: bool = False
    file: bool = False
    frame: bool = False


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What was read of one page."""

    url: str
    title: str
    heading: str  # its first h1, folded
    body: str  # all of its words, folded
    doors: tuple[Door, ...]
    data: tuple[dict[str, Any], ...] = ()  # schema.org objects
    sections: tuple[tuple[str, str], ...] = ()  # each heading and the words under it, folded
    news: bool = False  # the page itself is a piece of news
    shown: str = ""  # its words as shown, for e-mail addresses and hours


def read(body: bytes, url: str) -> PageSeen:
    """A page from its bytes. What cannot be read gives an empty page."""
    try:
        root = html.document_fromstring(body[:LARGEST], parser=html.HTMLParser(
            encoding=_charset(body), no_network=True, huge_tree=False))  # fmt: skip
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError):
        return PageSeen(url, "", "", "", ())
    base = root.find(".//base[@href]")
    where = urljoin(url, base.get("href")) if base is not None else url
    data = tuple(_data(root))
    for element in list(root.iter(*HIDDEN - {"head", "iframe"})):
        if element.getparent() is not None:
            element.drop_tree()
    title = _words(root.find(".//title"))
    first = root.find(".//h1")
    content = root.find(".//body")
    content = root if content is None else content
    shown = _words(content)
    return PageSeen(
        url=url,
        title=title,
        heading=fold(_words(first)),
        body=fold(shown[:200_000]),
        doors=tuple(_doors(content, where)),
        data=data,
        sections=tuple(_sections(content)),
        news=_is_news(root, url),
        shown=shown[:200_000],
    )


def _charset(body: bytes) -> str:
    found = re.search(rb"charset=[\"']?\s*([\w-]+)", body[:2048], re.IGNORECASE)
    if found:
        return found[1].decode("ascii", "replace").lower()
    try:
        body[:LARGEST].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _is_news(root: Node, url: str) -> bool:
    """An article of the site's news: its address or its own marks say so."""
    path = fold(urlsplit(url).path.replace("/", " "))
    if re.search(
        r"\b(actualite|actualites|actu|actus|news|agenda|evenement|evenements|blog)\b", path
    ):
        return True
    kind = root.find(".//meta[@property='og:type']")
    published = root.find(".//meta[@property='article:published_time']")
    return kind is not None and kind.get("content") == "article" and published is not None


def _words(element: Node) -> str:
    if element is None:
        return ""
    parts: list[str] = []
    for node in element.iter():
        if not isinstance(node.tag, str) or node.tag in HIDDEN - {"head"}:
            continue
        if node.text:
            parts.append(node.text)
        if node.tag in BLOCKS or node.tag in HEADINGS or node.tag == "br":
            parts.append(" ")
        if node is not element and node.tail:
            parts.append(node.tail)
            if node.tag in BLOCKS:
                parts.append(" ")
    return " ".join(" ".join(parts).split())


def _sections(content: Node) -> Iterator[tuple[str, str]]:
    """What is written under each heading but the first, up to the next one."""
    heading: str | None = None
    words: list[str] = []
    inside: set[Node] = set()  # of a heading: its words are not what is under it
    for node in content.iter():
        if not isinstance(node.tag, str) or any(
            one.tag in HEADINGS for one in node.iterancestors()
        ):
            continue
        if _heads(node):
            if heading:
                yield heading, fold(" ".join(words))
            heading, words = fold(_words(node)) if node.tag != "h1" else None, []
            inside = {*node.iterdescendants()}
            words.append(node.tail or "")
        elif node in inside or node.tag in HIDDEN:
            continue
        elif heading:
            words += [node.text or "", node.tail or ""]
    if heading:
        yield heading, fold(" ".join(words))


def _heads(node: Node) -> bool:
    """Whether an element is a heading, by its name or by what its author uses it for."""
    if node.tag in HEADINGS or node.tag in FOLDED:
        return True
    if node.tag in ("button", "a") or node.get("role") in ("button", "tab"):
        called = f"{node.get('class', '')} {node.get('data-toggle', '')}"
        opens = node.get("aria-expanded") is not None or bool(ACCORDION.search(called))
        return opens and 0 < len(_words(node)) <= MOST_HEADING
    if node.tag != "p" or (node.text or "").strip() or len(node) != 1:
        return False
    (only,) = node
    return (
        only.tag in ("strong", "b", "u")
        and not (only.tail or "").strip()
        and only.find(".//a") is None
        and 0 < len(_words(only)) <= MOST_HEADING
    )


def _doors(content: Node, where: str) -> Iterator[Door]:
    """Links and forms in the order of the page. Headings are remembered as they are met."""
    above: dict[int, str] = {}
    count = 0
    for node in content.iter():
        if count >= MOST_DOORS:
            return
        if not isinstance(node.tag, str):
            continue
        if _heads(node):
            level = int(node.tag[1]) if node.tag in HEADINGS else 7  # under every true heading
            above = {one: text for one, text in above.items() if one < level}
            above[level] = _words(node)
        headings = fold(" . ".join(above[one] for one in sorted(above, reverse=True)))
        if node.tag == "a" and node.get("href"):
            door = _link(node, where, headings)
        elif node.tag == "form":
            door = _form(node, where, headings)
        elif node.tag == "iframe" and node.get("src"):
            door = _frame(node, where, headings)
        elif node.get("onclick") and (found := LEADS_ON.search(node.get("onclick"))):
            door = _link(node, where, headings, found[1])
        else:
            continue
        if door is not None:
            count += 1
            yield door


def _frame(node: Node, where: str, headings: str) -> Door | None:
    """What is shown in a frame: another site's calendar, form or map."""
    url = _absolute(where, node.get("src"))
    if url is None or url.startswith("mailto:"):
        return None
    said = node.get("title", "")
    return Door(url, said[:300], fold(said), _around(node), headings, _place(node), frame=True)


def _link(node: Node, where: str, headings: str, href: str = "") -> Door | None:
    url = _absolute(where, href or node.get("href"))
    if url is None:
        return None
    # A picture that is a link often says all of it in its title.
    images = " ".join(f"{one.get('alt', '')} {one.get('title', '')}" for one in node.iter("img"))
    text = " ".join(f"{_words(node)} {node.get('aria-label', '')} {images}".split())
    if not text:
        text = node.get("title", "")
    own = fold(f"{text} {node.get('title', '')}")
    place = _place(node)
    if "sponsored" in (node.get("rel") or ""):
        place = "ad"
    path = urlsplit(url).path
    is_file = bool(FILE.search(path)) or node.get("type") == "application/pdf"
    return Door(url, text[:300], own, _around(node), headings, place, file=is_file)


def _form(node: Node, where: str, headings: str) -> Door | None:
    """A form that sends something; a search box or a subscription to news is none."""
    every = list(node.iter("input", "textarea", "select"))
    fields = [one for one in every if (one.get("type") or "text").lower() not in NO_FIELD]
    texts = [one.get("placeholder", "") for one in fields]
    texts += [one.get("value", "") for one in every if one.get("type") in ("submit", "button")]
    own = fold(" ".join([_words(node), *texts]))
    role = (node.get("role") or "") + " ".join(one.get("type") or "" for one in fields)
    if (
        len(fields) < 2
        or "search" in role
        or re.search(r"\b(newsletter|lettre d information)\b", own)
    ):
        return None
    if (node.get("method") or "get").lower() != "post" and len(fields) < 3:
        return None
    url = _absolute(where, node.get("action") or where) or where
    said = own[: LONGEST_CONTEXT * 3]
    return Door(url, _words(node)[:300], said, said, headings, _place(node), form=True)


def _absolute(where: str, href: str) -> str | None:
    try:
        url = urljoin(where, href.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return url[:300]
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 1000:
        return None
    return url


def _around(node: Node) -> str:
    """The words of the smallest block that holds a door."""
    block = node
    for parent in node.iterancestors():
        if parent.tag in BLOCKS:
            block = parent
            if parent.tag not in ("td", "th"):  # the row of a cell says what the cell is of
                break
    # A bare list item says little: the sentence before it may say the rest.
    words = _words(block)
    return fold(words[: LONGEST_CONTEXT * 2])[:LONGEST_CONTEXT]


def _place(node: Node) -> str:
    for parent in node.iterancestors():
        if not isinstance(parent.tag, str) or parent.tag in ("body", "html", "main"):
            break
        called = f"{parent.get('class', '')} {parent.get('id', '')}"
        if AD.search(called):
            return "ad"
        if NEWS.search(called) or (parent.tag == "article" and parent.find(".//time") is not None):
            return "news"
        if parent.tag == "nav" or "menu" in called.lower() or parent.get("role") == "navigation":
            return "menu"
        if parent.tag == "footer":
            return "footer"
    return "body"


def _data(root: Node) -> Iterator[dict[str, Any]]:
    """schema.org objects of JSON-LD, flat: graphs and lists are opened."""
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        try:
            todo: list[Any] = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        for _ in range(200):
            if not todo:
                break
            one = todo.pop()
            if isinstance(one, list):
                todo.extend(one)
            elif isinstance(one, dict):
                todo.extend(one["@graph"] if isinstance(one.get("@graph"), list) else [])
                yield one
