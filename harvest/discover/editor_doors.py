"""Whether the doors of software editors open: one incident per editor, whoever its customers are.

The door of a commune that answers 404 is closed, and is not claimed. An editor that does not
answer at all has an incident, and nobody loses anything: what its doors said before stays.
"""

from collections.abc import Mapping
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import GuichetError, Refused, Unavailable
from harvest.discover.recognise import Finding
from harvest.discover.robots import Robots
from harvest.discover.visit import GONE
from harvest.fetch import Answered
from harvest.remote import Remote

MOST_DOORS = 5  # looked at for one commune


class EditorDoors:
    """Looks at editors' doors, for one run. An editor that failed is not asked again."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._robots = Robots(remote)
        self.failed: dict[str, str] = {}
        self.answered: set[str] = set()

    def note(self, conn: psycopg.Connection[Any]) -> None:
        """Open and close incidents, in the caller's transaction."""
        for editor, message in self.failed.items():
            conn.execute(
                query("harvest", "editor_failed"), {"editor": editor, "message": message[:500]}
            )
        for editor in self.answered - self.failed.keys():
            conn.execute(query("harvest", "editor_answers"), {"editor": editor})

    def closed(self, findings: Mapping[str, Finding]) -> set[str]:
        """The doors of which their editor says that there is none."""
        closed: set[str] = set()
        doors = {one.url: one.editor for one in findings.values() if one.editor is not None}
        for url, editor in list(doors.items())[:MOST_DOORS]:
            if editor in self.failed or not self._robots.allow(url):
                continue
            if self._closed(url, editor):
                closed.add(url)
        return closed

    def _closed(self, url: str, editor: str) -> bool:
        try:
            self._remote.get(url)
        except Answered as error:
            if error.status < 500 and error.status != 429:
                self.answered.add(editor)
                return error.status in GONE
            self.failed[editor] = str(error)
        except Refused:
            pass  # an address that we do not follow says nothing of the editor
        except Unavailable as error:
            self.failed[editor] = str(error)
        except GuichetError:
            self.answered.add(editor)  # with something that we do not read, such as a large file
        else:
            self.answered.add(editor)
        return False
