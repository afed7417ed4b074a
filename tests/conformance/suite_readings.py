"""What each test of ours answers: a method of a suite of OGC, read in its published source.

The suites themselves (Java, `make cite`) cannot be fetched everywhere. Their sources can be read:
each test marked `answers` checks, with code of our own, what that method checks; where a
method checks less than the requirement (many only look at the status), ours checks the requirement.
`python tests/conformance/suite_readings.py` writes the table of docs/conformance.md.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def readings() -> Iterator[tuple[str, str, str, str]]:
    """(suite, requirement, method, our test) of each mark, read without importing the tests."""
    for file in sorted(HERE.glob("test_cite_*.py")):
        for node in ast.parse(file.read_text()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "attr", "") == "answers":
                    suite, requirement, *methods = (ast.literal_eval(one) for one in mark.args)
                    for method in methods:
                        yield suite, requirement, method, f"{file.stem}::{node.name}"


def table() -> str:
    """The table of the page, in Markdown."""
    lines = ["| suite | requirement | method of the suite | our test |", "|---|---|---|---|"]
    lines += [
        f"| {suite} | {requirement} | `{method}` | `{test}` |"
        for suite, requirement, method, test in readings()
    ]
    return "\n".join(lines) + "\n"


def page_with_table(text: str) -> str:
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text()))
    sys.exit(0)
