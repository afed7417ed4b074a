"""docker/ is checked by reading it: no engine runs here."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli.main import COMMANDS
from config.settings import load

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("guichet")}
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    image = service["image"]
    assert re.search(r":\d", image), f"{image} names no version"
    assert not image.endswith("latest")
    if name == "migrate":
        assert service["restart"] == "no", "a migration ends"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_commands_that_exist_with_little_power(name: str) -> None:
    service = OURS[name]
    assert service["command"][0] in COMMANDS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "inside" in service["networks"]
    assert "ports" not in service, "only the proxy is reached from outside"


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_made_of_real_settings(name: str) -> None:
    settings = load(
        {
            key: str(value)
            for key, value in OURS[name]["environment"].items()
            if not str(value).startswith("https://${")
        }
    )
    assert settings.database.url.startswith("host=database ")
    if name == "web":
        assert settings.web.trusted_proxies == (
            SERVICES["proxy"]["networks"]["front"]["ipv4_address"],
        )


def test_only_the_proxy_and_the_worker_see_the_internet() -> None:
    seen = {
        name
        for name, service in SERVICES.items()
        if any(not (COMPOSE["networks"][net] or {}).get("internal") for net in service["networks"])
    }
    assert seen == {"proxy", "worker"}


def test_no_secret_is_in_the_repository() -> None:
    for path in DOCKER.iterdir():
        if path.is_file():
            assert not re.search(r"(?i)password\s*[:=]\s*[^/${\s]", path.read_text()), path
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/docker/secrets/" in ignored
    assert "/docker/.env" in ignored


def test_the_image_runs_as_nobody_special() -> None:
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER 10001:10001$", last_stage, re.M)
    assert "HEALTHCHECK" in last_stage
    assert 'ENTRYPOINT ["guichet"]' in last_stage
    assert "apt-get" not in last_stage
    for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.M):
        assert re.search(r":\d", image), f"{image} names no version"


def test_the_image_copies_what_exists() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists(), name
    for package in re.findall(r"/srv/guichet/([a-z]+)\b", DOCKERFILE):
        assert (ROOT / package / "__init__.py").exists(), package


def test_compose_reads_it(tmp_path: Path) -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker client here")
    probe = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this docker client has no compose")
    done = subprocess.run(
        ["docker", "compose", "-f", DOCKER / "compose.yaml", "config", "-q"],
        env={"PATH": "/usr/bin:/usr/local/bin:/bin", "GUICHET_DOMAIN": "example.org"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
