"""What our own ways of writing pages answer is what the libraries' slower ones would."""

import random
from urllib.parse import quote, urlencode

import jinja2
import pytest
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from api.addresses import address
from api.formats import Formats
from api.templates import environment, script_json, shown

PAGE = """
{% macro one(value, kind="x") %}<b class="{{ kind }}">{{ value }}</b>{{ caller() if caller is defined }}{% endmacro %}
{% macro around(value) %}{{ one(value) }}{{ varargs | join(",") }}{{ kwargs | length }}{% endmacro %}
{% block main %}{% for word in words %}{{ one(word, kind=loop.cycle("odd", "even")) }}
{{ around(word, 1, 2, more=3) }}{{ said(word) }} {{ loop.index }} {{ none }} {{ 1.5 }} {{ true }}
{{ word ~ "<" }} {{ word | upper }} {{ made.method(word) }} {{ made("a") }}
{% call one(word) %}<i>{{ word }}</i>{% endcall %}{% endfor %}{% endblock %}{{ self.main() }}
{% set kept %}<u>{{ words[0] }}</u>{% endset %}{{ kept }}{% for n in range(3) %}{{ n }}{% endfor %}
"""


class Made:
    def method(self, value: str) -> Markup:
        return Markup("<em>{}</em>").format(value)

    def __call__(self, value: str) -> str:
        return f"&{value}"


def test_a_template_writes_what_jinja_writes(tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    plain = jinja2.Environment(
        loader=jinja2.FileSystemLoader(tmp_path), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    values = {
        "words": ["L'Haÿ", "<script>", 'a "b" & c', Markup("<p>ok</p>"), 12, "plain"],
        "said": lambda word: f"<{word}>",
        "made": Made(),
    }
    expected = plain.get_template("page.html").render(values)
    assert "&lt;script&gt;" in expected
    assert environment(tmp_path).get_template("page.html").render(values) == expected


@pytest.mark.parametrize(
    "value",
    ["", "Évreux", "<", "a&b", "'", '"', Markup("<b>"), 3, None, 1.5, Made(), ["<"], {"a": "&"}],
    ids=lambda value: type(value).__name__,
)
def test_what_is_shown_is_escaped(value):
    assert shown(value) == escape(value)
    assert isinstance(shown(value), str)


def test_nothing_ends_the_script_that_json_stands_in():
    told = script_json({"a": "</script><!-- & \u2028\u2029"})
    assert told == '{"a":"\\u003c/script\\u003e\\u003c!-- \\u0026 \\u2028\\u2029"}'


@pytest.mark.parametrize(("language", "locale"), [("fr", "fr_FR"), ("en", "en_GB")])
def test_numbers_are_written_as_babel_writes_them(language, locale):
    chance = random.Random(3)
    values: list[float] = [0, 0.5, 1.5, 2.5, 0.05, 0.25, 999.95, 999_999.5, 1e-7, -3.25, 1e16, -0.0]
    values += [chance.uniform(0, 10 ** chance.randint(-3, 12)) for _ in range(200)]
    values += [chance.randrange(10 ** chance.randint(1, 14)) for _ in range(200)]
    formats = Formats(language)
    for value in values:
        for digits in (0, 1, 2):
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            expected = format_decimal(value, format=pattern, locale=locale)
            assert formats.number(value, digits) == expected, (value, digits)


@pytest.mark.parametrize(
    "text",
    ["01001", "", "Saint-Étienne", "a b", "a/b", "~.-_", "x&y=z", "%", "\n", "日本"],
    ids=repr,
)
def test_addresses_quote_as_the_library_does(text):
    path, query = quote(text, safe=""), urlencode({"date": text, "a b": text})
    assert address("commune", "fr", code=text) == f"/fr/commune/{path}"
    found = address("commune", "en", code="1", **{"date": text, "a b": text, "none": None})
    assert found == f"/en/commune/1?{query}"
