"""The page docs/conformance.md names every test that answers a suite, and nothing else."""

import importlib.util
import sys
from pathlib import Path


def load():
    spec = importlib.util.spec_from_file_location(
        "suite_readings", Path(__file__).with_name("suite_readings.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["suite_readings"] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_tests_say():
    readings = load()
    text = readings.PAGE.read_text()
    assert readings.page_with_table(text) == text, "run: python tests/conformance/suite_readings.py"
    assert len(list(readings.readings())) > 60
