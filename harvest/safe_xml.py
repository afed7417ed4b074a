"""XML from strangers: no DTD, no entity, no network, bounded in depth and size."""

import re

from lxml import etree

from config.errors import Invalid

DEEPEST = 200
LARGEST = 64 << 20  # bytes of one document
DECLARED = re.compile(rb"<!DOCTYPE|<[A-Za-z_]", re.IGNORECASE)  # what comes first of the two

type Element = etree._Element  # lxml gives its element no public name


def parse(body: bytes) -> Element:
    """The root of a document. Raises Invalid: not XML, with a DTD, too deep or too large."""
    if len(body) > LARGEST:
        raise Invalid(f"an XML document of more than {LARGEST} bytes is not read")
    # Before any parser sees it: entities in attributes are expanded whatever one asks.
    first = DECLARED.search(body[: 1 << 16].replace(b"\0", b""))
    if first is not None and first[0].upper() == b"<!DOCTYPE":
        raise Invalid("DTD forbidden: an XML document that declares one is refused")
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False,
        dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    depth = 0
    root: Element | None = None
    try:
        for start in range(0, len(body), 1 << 16):
            parser.feed(body[start : start + (1 << 16)])
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                if depth > DEEPEST:
                    raise Invalid(f"XML nested deeper than {DEEPEST} is refused")
                if root is None:
                    root = element
                    _no_dtd(root)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise Invalid(f"not XML that can be read: {str(error)[:200]}") from error
    assert root is not None  # noqa: S101 close() gives the root or raises
    _no_dtd(root)
    return root


def _no_dtd(root: Element) -> None:
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise Invalid("DTD forbidden: an XML document that declares one is refused")
