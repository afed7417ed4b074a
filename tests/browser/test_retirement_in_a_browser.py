"""Retirement in a real browser: its page takes days and salaries by year, and so does the widget."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from api.addresses import address

pytestmark = pytest.mark.browser

Opener = Callable[..., tuple[Page, Any]]
SALARIES = "\n".join(f"{year} : {20000 + 100 * (year - 1983)},5" for year in range(1983, 2026))
CASE = {"birth_date": "1961-03-02", "liquidation_date": "2026-01-01", "points": "3100"}


def right(site: str) -> float:
    """What the API answers to the same."""
    salaries = {str(year): 20000.5 + 100 * (year - 1983) for year in range(1983, 2026)}
    asked = {**CASE, "points": 3100, "salaries": salaries}
    found: float = httpx.post(f"{site}/api/v1/simulators/retirement", json=asked).json()["value"]
    return found


def said(site: str) -> str:
    whole, cents = f"{right(site):,.2f}".split(".")
    return whole.replace(",", "\u202f") + "," + cents


def test_the_page_answers_a_career(
    pages_site: str, open_page: Opener, axe: Callable[[Page], list[str]]
) -> None:
    expected = said(pages_site)
    page, trouble = open_page()
    page.goto(pages_site + address("simulator", "fr", simulator="retraite"))
    for name, text in {**CASE, "salaries": SALARIES}.items():
        field = page.locator(f"#input-{name}")
        field.evaluate("one => { const d = one.closest('details'); if (d) d.open = true; }")
        field.fill(text)
    # The page that was left may have told the same figure, as it was typed.
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()
    expect(page.locator("main")).to_contain_text(expected)
    assert axe(page) == []
    # A slow hand lets the page ask about a career that is half typed: the API refuses it, rightly,
    # and Chromium writes that down.
    assert [one for one in trouble.all() if "status of 422" not in one] == []


def test_the_widget_answers_a_career(pages_site: str, open_page: Opener) -> None:
    page, trouble = open_page()
    page.goto(pages_site + address("simulators", "fr"))
    page.add_script_tag(url=f"{pages_site}/embed/simulateur.js", type="module")
    page.evaluate(
        """() => { const one = document.createElement("guichet-simulateur");
        one.setAttribute("name", "retirement"); one.setAttribute("lang", "fr");
        document.querySelector("main").append(one); }"""
    )
    widget = page.locator("guichet-simulateur")
    for name, text in {**CASE, "salaries": SALARIES}.items():
        field = widget.locator(f"#input-{name}")
        field.evaluate("one => { const d = one.closest('details'); if (d) d.open = true; }")
        field.fill(text)
    widget.get_by_role("button").click()
    expect(widget.locator(".figure")).to_contain_text(said(pages_site))
    widget.locator("#input-salaries").fill("1983:20000 1983:3")
    expect(widget.locator("#wrong-salaries")).not_to_be_empty()
    assert trouble.all() == []
