"""The interface's words: `api/i18n/<section>.<language>.toml`, asked for by dotted key.

`t("map.title")` is the key `title` of `map.fr.toml`. Tables nest: `t("map.legend.isolate")`.
A plural is a table with `one` and `other`. A missing key is an error, never a blank: a test
compares the keys of both languages.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("i18n")


@cache
def texts(language: str, folder: Path = FOLDER) -> Mapping[str, Any]:
    """All texts of a language, flattened: dotted key -> string (or list of strings)."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob(f"*.{language}.toml")):
        section = path.name.removesuffix(f".{language}.toml")
        _flatten(section, tomllib.loads(path.read_text(encoding="utf-8")), found)
    return found


def _flatten(prefix: str, value: object, into: dict[str, Any]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}", inner, into)
    else:
        into[prefix] = value


class Texts:
    """The texts of one language, callable in templates as `t`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, /, **values: object) -> Any:
        """The text of a key, with `{name}` slots filled. Raises KeyError naming the key.

        Plain text: the template escapes the result, slots included.
        """
        try:
            found = self._texts[key]
        except KeyError:
            raise KeyError(f"no text {key!r} in {self.language}") from None
        return found.format(**values) if values and isinstance(found, str) else found

    def has(self, key: str) -> bool:
        return key in self._texts

    def plural(self, key: str, count: float, /, **values: object) -> Any:
        """`key.one` or `key.other` by the language's rule (French: 0 and 1 are singular)."""
        singular = abs(count) < 2 if self.language == "fr" else count == 1
        return self(f"{key}.{'one' if singular else 'other'}", **{"count": count, **values})
