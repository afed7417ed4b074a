"""The suite shared by several processes (`make test` gives it two): who runs what, and when.

Each process takes a whole file at a time, in the order of one process alone, so that what a file
finds of those before it is what it always found, or less. Tests marked `alone` measure time:
they wait until every other process has ended, and the last one runs them. It is still one run:
one summary, one exit code, and what was set up for the session serves until the end.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

ALONE = "alone: "


class AloneLast(LoadFileScheduling):
    """As `--dist loadfile`, and the tests of `alone` at the end, in one process."""

    def __init__(self, config: pytest.Config, log: Any, told: Path) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # see above: the order stays
        self._told = told
        self._alone: frozenset[str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        if self._alone is None:  # each process collects the same
            self._alone = frozenset(json.loads(self._told.read_text()))
        file = str(super()._split_scope(nodeid))
        return f"{ALONE}{file}" if nodeid in self._alone else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        together = next((unit for unit in self.workqueue if not unit.startswith(ALONE)), None)
        if together is None:
            others = [one for one in self.nodes if one is not node]
            if any(not one.shutting_down for one in others):
                node.shutdown()  # the last to have work keeps what is left
                return
            if others:
                return  # remove_node asks again when they have ended
        else:
            self.workqueue.move_to_end(together, last=False)
        super()._assign_work_unit(node)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        for left in self.nodes:
            if left in self.registered_collections:
                self._reschedule(left)
        return str(crashed) if crashed else None


class Together:
    """The hooks: in a process that runs tests, and in the one that gives them out."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: WorkerController) -> None:
        node.workerinput["alone"] = str(self._told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> AloneLast | None:
        if config.getvalue("dist") != "loadfile":
            return None
        return AloneLast(config, log, self._told)

    @pytest.hookimpl(tryfirst=True)  # before xdist tells that this process has collected
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        given = getattr(session.config, "workerinput", None)
        if given is None:
            return
        alone = [item.nodeid for item in session.items if item.get_closest_marker("alone")]
        # Renamed into place: another process may be reading.
        fresh = Path(f"{given['alone']}.{given['workerid']}")
        fresh.write_text(json.dumps(alone))
        fresh.rename(given["alone"])

    def pytest_unconfigure(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def _told(self) -> Path:
        """Where a process says which of its tests are to be alone."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="guichet-together-")
        return Path(self._folder.name) / "alone.json"
