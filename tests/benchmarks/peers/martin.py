"""Martin 1.14 (Rust), two workers: tiles only. Built with what serves PostGIS and nothing else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from peers.machine import FOLDER, Absent, Server, free_port, run, started, url
from peers.places import SCHEMA, Places

VERSION = "1.14.0"
CONFIG = """
listen_addresses: 127.0.0.1:{port}
worker_processes: 2
cache:
  size_mb: {cache}
postgres:
  connection_string: {address}
  pool_size: 8
  auto_bounds: skip
  auto_publish:
    from_schemas: [{schema}]
"""


def program() -> str:
    """Martin's executable, built when GUICHET_BENCH_BUILD is set: it takes 20 minutes of two cores."""
    built = FOLDER / f"martin-{VERSION}"
    if not (built / "bin" / "martin").exists():
        if not os.environ.get("GUICHET_BENCH_BUILD"):
            raise Absent("not built yet: GUICHET_BENCH_BUILD=1 builds it, in 20 minutes or more")
        run(
            ["nice", "-n", "10", "cargo", "install", "martin", "--version", VERSION, "--locked",
             "--no-default-features", "--features", "postgres", "--root", built],
            CARGO_TARGET_DIR=str(built / "target"),
        )  # fmt: skip
    return str(built / "bin" / "martin")


@contextmanager
def serve(address: str, places: Places, *, cache: int) -> Iterator[Server]:
    """`cache` in megabytes: 0 draws every tile."""
    command = program()
    port = free_port()
    config = FOLDER / f"martin-{port}.yaml"
    config.write_text(
        CONFIG.format(port=port, cache=cache, address=url(address), schema=SCHEMA), "utf-8"
    )
    try:
        with started([command, "--config", config], "/tiles", port, {"RUST_LOG": "error"}) as pid:
            yield Server("martin", port, pid, {
                "tile mix": lambda chance: "/tiles/{a.z}/{a.x}/{a.y}".format(a=places.tile(chance)),
                "low tile": lambda chance: (
                    "/tiles/{a.z}/{a.x}/{a.y}".format(a=places.low_tile(chance))
                ),
            })  # fmt: skip
    finally:
        config.unlink()
