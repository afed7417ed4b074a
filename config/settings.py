"""The settings: read once at start-up, validated, frozen, and handed down.

A misspelt key stops the start-up instead of becoming a silent default.
Environment variables override `defaults.toml`: `GUICHET_<SECTION>__<KEY>`, and the short
names GUICHET_VAR, GUICHET_DATABASE_URL, GUICHET_SOURCES and PORT.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationError,
)

from config.errors import Invalid

DEFAULTS = Path(__file__).with_name("defaults.toml")
SHORT_NAMES = {
    "GUICHET_VAR": ("paths", "var"),
    "GUICHET_DATABASE_URL": ("database", "url"),
    "GUICHET_SOURCES": ("harvest", "given_folder"),
    "PORT": ("web", "port"),
}


def _listed(value: object) -> object:
    """A list written in one environment variable: `10.0.0.1, 10.0.0.2`."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PathSettings(Section):
    var: Path

    @property
    def cluster(self) -> Path:
        """The private PostgreSQL cluster."""
        return self.var / "cluster"

    @property
    def raw(self) -> Path:
        """Raw bytes of every harvest, by sha256."""
        return self.var / "raw"

    @property
    def publications(self) -> Path:
        """One folder per generation: archives, id rasters, bulk files."""
        return self.var / "publications"

    @property
    def logs(self) -> Path:
        return self.var / "logs"


class DatabaseSettings(Section):
    url: str
    web_pool_size: PositiveInt
    statement_timeout_ms: PositiveInt
    lock_timeout_ms: PositiveInt
    harvest_statement_timeout_ms: PositiveInt
    idle_in_transaction_timeout_ms: PositiveInt


class ClusterSettings(Section):
    start_timeout_seconds: PositiveInt
    start_attempts: PositiveInt
    shared_buffers_mb: PositiveInt
    max_connections: PositiveInt


class WebSettings(Section):
    host: str
    port: NonNegativeInt
    processes: PositiveInt
    max_body_bytes: PositiveInt
    max_header_bytes: PositiveInt
    idle_connection_seconds: PositiveInt
    body_timeout_seconds: PositiveInt
    write_timeout_seconds: PositiveInt
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_listed)]
    public_url: str
    rate_per_second: NonNegativeFloat
    rate_burst: PositiveInt
    stop_timeout_seconds: PositiveInt


class AdminSettings(Section):
    host: str
    port: NonNegativeInt


class TileSettings(Section):
    min_zoom: NonNegativeInt
    archive_max_zoom: PositiveInt
    max_zoom: PositiveInt
    cache_bytes: PositiveInt
    simplification_extent: PositiveInt


class HarvestSettings(Section):
    given_folder: str
    fetch_timeout_seconds: PositiveInt
    fetch_total_seconds: PositiveInt
    fetch_max_bytes: PositiveInt
    renew_after_days: PositiveInt
    brake_share: float
    brake_rows: PositiveInt
    brake_days: PositiveInt
    orphan_grace_days: PositiveInt
    report_to: str
    side_by_side: PositiveInt
    per_host: PositiveInt


class DiscoverSettings(Section):
    contact: str
    pages: PositiveInt
    depth: PositiveInt
    seconds: PositiveInt
    pause_seconds: NonNegativeFloat
    communes_per_night: NonNegativeInt


class SimulatorSettings(Section):
    engine_workers: NonNegativeInt
    engine_memory_bytes: PositiveInt
    deadline_seconds: PositiveInt
    most_waiting_rows: PositiveInt
    most_at_once: PositiveInt
    most_together_rows: PositiveInt
    most_batch_rows: PositiveInt
    most_batch_bytes: PositiveInt
    most_later_rows: PositiveInt
    most_later_bytes: PositiveInt
    most_later: PositiveInt
    later_hours: PositiveInt
    kept_per_second: NonNegativeFloat
    kept_burst: PositiveInt


class OgcSettings(Section):
    threads: PositiveInt
    most_waiting: PositiveInt
    most_exports: PositiveInt
    export_seconds: PositiveInt


class MailSettings(Section):
    host: str
    port: PositiveInt
    tls: Literal["starttls", "implicit", "none"]
    ca_file: str
    user: str
    password: SecretStr
    sender: str
    sender_name: str
    timeout_seconds: PositiveInt
    poll_seconds: PositiveInt
    batch: PositiveInt
    most_attempts: PositiveInt
    first_wait_seconds: PositiveInt
    longest_wait_seconds: PositiveInt
    keep_letters_days: PositiveInt


class AccountSettings(Section):
    idle_seconds: PositiveInt
    longest_seconds: PositiveInt
    free_failures: PositiveInt
    network_failures: PositiveInt
    failure_window_seconds: PositiveInt
    longest_wait_seconds: PositiveInt


class CrowdSettings(Section):
    sent_per_second: NonNegativeFloat
    sent_burst: PositiveInt
    gather_ms: NonNegativeFloat
    most_in_line: PositiveInt
    most_open: PositiveInt
    fewest_for_delays: PositiveInt
    keep_contacts_days: PositiveInt
    keep_words_days: PositiveInt


class MandateSettings(Section):
    code_minutes: PositiveInt
    codes_per_commune: PositiveInt
    codes_per_network: PositiveInt
    wrong_tries: PositiveInt
    changed_days: PositiveInt
    mandate_days: PositiveInt
    idle_seconds: PositiveInt
    invitation_days: PositiveInt
    invitations_per_day: PositiveInt
    longest_chain: PositiveInt
    keep_drafts_days: PositiveInt
    contests_per_day: PositiveInt


class VoiceSettings(Section):
    sent_per_second: NonNegativeFloat
    sent_burst: PositiveInt
    threshold: PositiveInt
    ranking_threshold: PositiveInt
    most_network_day: PositiveInt
    most_minute: PositiveInt


class OfficialSettings(Section):
    valid_days: PositiveInt
    refresh_seconds: PositiveInt


class PracticeSettings(Section):
    ask_after_days: PositiveInt
    stale_days: PositiveInt
    most_network_day: PositiveInt
    most_open: PositiveInt
    keep_contacts_days: PositiveInt


class JobSettings(Section):
    most_waiting: PositiveInt
    hours: PositiveInt
    listed_hours: PositiveInt
    sent_per_second: NonNegativeFloat
    sent_burst: PositiveInt


class WebhookSettings(Section):
    registered_per_day: NonNegativeInt
    most: PositiveInt
    most_per_host: PositiveInt
    at_once: PositiveInt
    poll_seconds: PositiveInt
    first_wait_seconds: NonNegativeFloat
    longest_wait_seconds: PositiveInt
    pause_after_days: PositiveInt
    rotation_hours: PositiveInt
    test_seconds: NonNegativeInt
    unanswered_hours: PositiveInt
    keep_ended_days: PositiveInt


class Settings(Section):
    paths: PathSettings
    database: DatabaseSettings
    cluster: ClusterSettings
    web: WebSettings
    admin: AdminSettings
    tiles: TileSettings
    harvest: HarvestSettings
    discover: DiscoverSettings
    simulators: SimulatorSettings
    ogc: OgcSettings
    mail: MailSettings
    accounts: AccountSettings
    crowd: CrowdSettings
    mandates: MandateSettings
    voices: VoiceSettings
    official: OfficialSettings
    practices: PracticeSettings
    jobs: JobSettings
    webhooks: WebhookSettings


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read `defaults.toml` and the environment into one frozen value.

    Raises Invalid, naming every wrong key at once.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, dict[str, Any]] = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    for name, text in sorted(environment.items()):
        if name in SHORT_NAMES:
            section, key = SHORT_NAMES[name]
        elif name.startswith("GUICHET_") and "__" in name:
            section, _, key = name.removeprefix("GUICHET_").lower().partition("__")
        else:
            continue
        if text or key in ("url", "public_url"):
            values.setdefault(section, {})[key] = text
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise Invalid(f"The settings cannot be read: {wrong}.") from error
