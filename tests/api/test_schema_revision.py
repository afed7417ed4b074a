"""`/readyz` and the migrations agree on what the schema should be."""

from catalog.database import migrate, revision


def test_both_readers_expect_the_same_schema():
    assert revision.expected() == migrate.expected()


async def test_a_migrated_database_holds_it(aconn):
    assert await revision.stored(aconn) == revision.expected()
