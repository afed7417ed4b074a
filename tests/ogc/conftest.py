"""The real server over small_france, asked as a reuser does."""

import httpx
import psycopg
import pytest


@pytest.fixture(scope="module")
def ogc(site):
    """A client whose addresses begin at /ogc."""
    with httpx.Client(base_url=f"{site}/ogc", timeout=30) as found:
        yield found


@pytest.fixture(scope="module")
def database_says(small_france):
    """A function: the rows of a question to small_france, asked without any of our code."""
    with psycopg.connect(small_france, autocommit=True) as conn:
        yield lambda question, *values: conn.execute(question, values or None).fetchall()


@pytest.fixture
def walk(ogc):
    """A function: every feature of a collection, by its `next` links."""

    def found(path, **params):
        features, pages = [], 0
        answer = ogc.get(path, params=params)
        while True:
            assert answer.status_code == 200, answer.text
            body = answer.json()
            features += body["features"]
            assert body["numberReturned"] == len(body["features"])
            following = [one["href"] for one in body["links"] if one["rel"] == "next"]
            pages += 1
            assert pages < 500
            if not following:
                return features
            answer = ogc.get(following[0])

    return found
