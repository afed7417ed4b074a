"""Every operation on rasters, with what its parameters allow and what they do not."""

import subprocess
import sys
from pathlib import Path


def test_schemathesis_finds_no_server_error_and_no_mismatch(site):
    checks = ("not_a_server_error", "response_schema_conformance", "status_code_conformance",
              "content_type_conformance")  # fmt: skip
    command = [str(Path(sys.executable).with_name("st")), "run", f"{site}/ogc/edr/api",
               "--checks", ",".join(checks), "--max-examples", "2", "--seed", "7", "--no-color",
               "--include-path-regex", r"\{collectionId\}", "--request-timeout", "20",
               "--phases", "coverage,fuzzing", "--workers", "2"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
