"""The Jinja environment: autoescaped, strict about undefined names, one per process."""

import json
from pathlib import Path

import jinja2
from markupsafe import Markup

FOLDER = Path(__file__).with_name("pages")
# What could end a <script> element or an HTML comment, inside JSON.
_UNSAFE = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def script_json(value: object) -> Markup:
    """A value as JSON that can stand inside a <script type="application/...json"> element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE))  # noqa: S704


def environment(folder: Path = FOLDER) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        # A change of template is a new release, as one of code: no look at its file each time.
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
        lstrip_blocks=True,
    )
    made.filters["script_json"] = script_json
    return made
