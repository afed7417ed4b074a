"""The pages of the simulators without a browser: forms, faults, links, and what is never written."""

import html
import re
import time
from collections.abc import Iterator

import httpx
import pytest

from api.addresses import address

TAX = address("simulator", "fr", simulator="impot-revenu")
HIRING = address("simulator", "fr", simulator="cout-embauche")
API = "/api/v1/simulators"


@pytest.fixture(scope="module")
def client(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30) as found:
        end = time.monotonic() + 60
        asked = {"situation": "single", "salary_1": 30000}
        while found.post(f"{API}/income-tax", json=asked).status_code == 503:
            assert time.monotonic() < end, "the engines do not start"
            time.sleep(0.2)
        yield found


def text_of(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", answer.text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_the_page_and_the_api_give_the_same_figures(client: httpx.Client) -> None:
    asked = {"situation": "single", "salary_1": "34567,50"}
    page = client.post(TAX, data=asked)
    assert page.status_code == 200, page.text[-2000:]
    api = client.post(f"{API}/income-tax", json={"situation": "single", "salary_1": 34567.5}).json()
    said = text_of(page)
    assert f"{api['value']:,.0f} €".replace(",", " ") in said
    for line in api["breakdown"]:
        assert line["label"]["fr"] in said
        if line.get("law"):
            assert line["law"]["url"] in html.unescape(page.text)
    for warning in api["warnings"]:
        assert warning["fr"] in said
    assert api["notice"]["fr"] in said
    assert api["model"] in said
    assert "31 décembre 2025" in said
    # 34567,50 is still in its field, and nowhere in an address.
    assert 'value="34567,50"' in page.text
    assert "34567" not in "".join(re.findall(r'(?:href|action|src)="([^"]*)"', page.text))
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_every_mistake_is_told_at_once_beside_its_field(client: httpx.Client) -> None:
    answer = client.post(TAX, data={"salary_1": "beaucoup", "children": "1,5", "salary_2": "-3"})
    assert answer.status_code == 422
    for name in ("situation", "salary_1", "children", "salary_2"):
        assert f'href="#input-{name}"' in answer.text
        assert f'id="input-{name}-mistake"' in answer.text
        control = re.search(rf'<(?:input|select) id="input-{name}"[^>]*>', answer.text)
        assert control is not None
        assert 'aria-invalid="true"' in control[0]
        assert f"input-{name}-mistake" in control[0]
    assert 'value="beaucoup"' in answer.text
    assert "<title>Erreur" in answer.text


@pytest.mark.parametrize(
    "salary", ["NaN", "Infinity", "9**9**9", "40000+2*5", "1e9", "<script>alert(1)</script>"]
)
def test_what_is_not_a_number_is_refused_and_escaped(client: httpx.Client, salary: str) -> None:
    answer = client.post(TAX, data={"situation": "single", "salary_1": salary})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert 'id="input-salary_1-mistake"' in answer.text


def test_an_unknown_field_a_wrong_date_and_a_wrong_year_are_faults(client: httpx.Client) -> None:
    assert "revenuu" in text_of(client.post(TAX, data={"revenuu": "1", "situation": "single"}))
    wrong = client.post(HIRING, data={"gross_salary": "2500", "_law_date": "hier"})
    assert wrong.status_code == 422
    assert 'href="#input-law_date"' in wrong.text
    early = client.post(HIRING, data={"gross_salary": "2500", "_law_date": "1998-01-01"})
    assert early.status_code == 422
    year = client.post(TAX, data={"situation": "single", "income_year": "2026"})
    assert year.status_code == 422
    assert "2016, 2017" in text_of(year)


def test_other_bodies_are_refused_and_never_break(client: httpx.Client) -> None:
    assert client.post(TAX, json={"situation": "single"}).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"situation=%ff", b"situation=single%00", b"&&&=", b"", b"=" * 5000):
        assert client.post(TAX, content=body, headers=form).status_code in (400, 422)


def test_the_inverse_finds_the_salary_and_puts_it_in_its_field(client: httpx.Client) -> None:
    asked = {"_action": "inverse", "_figure": "net_before_tax", "_wanted": "2000"}
    page = client.post(HIRING, data=asked)
    assert page.status_code == 200
    api = client.post(
        f"{API}/hiring-cost/inverse?figure=net_before_tax", json={"wanted": 2000}
    ).json()
    gross = api["inputs"]["gross_salary"]
    field = re.search(r'id="input-gross_salary"[^>]*value="([^"]*)"', page.text)
    assert field is not None
    assert float(field[1].replace(",", ".")) == gross
    # Enter in the field of the wanted amount presses the first button of the form.
    assert client.post(HIRING, data={**asked, "_action": "simulate"}).status_code == 200
    refused = client.post(HIRING, data={**asked, "_wanted": "beaucoup"})
    assert refused.status_code == 422
    assert 'id="input-wanted-mistake"' in refused.text


def test_the_curve_is_drawn_and_told_in_a_table(client: httpx.Client) -> None:
    asked = {"gross_salary": "2500", "_action": "curve", "_min": "1000", "_max": "5000"}
    page = client.post(HIRING, data=asked)
    assert page.status_code == 200
    assert 'class="curve"' in page.text
    assert page.text.count("<tr>") > 40
    wrong = client.post(HIRING, data={**asked, "_max": "10"})
    assert 'id="input-max-mistake"' in wrong.text
    assert "result-title" in wrong.text
    assert 'data-said=""' not in wrong.text, "the result itself is right, and shown"


def test_a_link_exists_only_when_it_is_asked_for(client: httpx.Client) -> None:
    asked = {"situation": "single", "salary_1": "45678"}
    assert "/reponses/" not in client.post(TAX, data=asked).text
    page = client.post(TAX, data={**asked, "_action": "keep"})
    found = re.search(r'href="(http[^"]+/reponses/[A-Za-z0-9_-]{22})"', page.text)
    assert found is not None
    assert "45678" not in found[1]
    kept = client.get(httpx.URL(found[1]).raw_path.decode())
    assert kept.status_code == 200
    assert "45 678" in text_of(kept)
    assert kept.headers["X-Robots-Tag"] == "noindex"
    assert kept.headers["Cache-Control"] == "no-store"
    raw = re.search(rf'href="({API}/income-tax/answers/[^"]+)"', kept.text)
    assert raw is not None
    assert client.get(raw[1]).json()["inputs"]["salary_1"] == 45678
    assert client.get(f"{TAX}/reponses/{'A' * 22}").status_code == 404


def test_scripts_get_the_result_alone(client: httpx.Client) -> None:
    asked = {"situation": "single", "salary_1": "30000"}
    part = client.post(f"{TAX}?part=result", data=asked)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "data-said=" in part.text
    missing = client.post(f"{TAX}?part=result", data={"salary_1": "30000"})
    assert missing.status_code == 422
    assert 'data-wrong="input-situation"' in missing.text


def test_addresses_in_both_languages(client: httpx.Client) -> None:
    assert client.get(TAX).status_code == 200
    english = client.get("/en/simulators/income-tax")
    assert f'href="{TAX}"' in english.text
    wrong = client.get("/fr/simulateurs/income-tax", follow_redirects=False)
    assert wrong.headers["Location"] == TAX
    assert client.get("/fr/simulateurs/rien").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_method_says_every_case_that_differs(client: httpx.Client, language: str) -> None:
    page = text_of(client.get(address("simulator-method", language)))
    from simulators import validation

    found = validation.published()
    for case in found.cases:
        if case.state != "agrees":
            assert case.id in page
            assert " ".join(case.why.in_language(language).split()) in page
    assert str(len(found.cases)) in page
