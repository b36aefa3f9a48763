"""Every setting, in one place: its environment variable, its default, what it means. Read once, handed down.

Run configuration given in the Dagster UI beats the environment: see `Settings.overridden_by`. Not here: what a value of
each kind may be (setting_values).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mkt_assets.crawlers.base import Limits
from mkt_assets.models.registry import ModelOptions
from mkt_assets.setting_values import (
    AbsolutePath,
    Colour,
    EmojiLanguage,
    EngineName,
    FilePaths,
    FolderOrBucket,
    KRange,
    ModelName,
    PostgresAddress,
    Precision,
    RowsPlace,
    Share,
    TimeZone,
    WebAddress,
)

if TYPE_CHECKING:
    from mkt_assets.core.media.pictures import PictureLimits

PREFIX = "MKT_"
_OF_THE_TESTS = ("MKT_PARITY_DIR", "MKT_GOLDEN_DIR")
_PACKAGE_PARENT = Path(__file__).resolve().parent.parent
# In a clone everything made stays inside its data/; an installed package works in the current directory.
PROJECT_DIR = _PACKAGE_PARENT if (_PACKAGE_PARENT / "pyproject.toml").is_file() else Path.cwd()

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*@")


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message is one sentence for the person who set it."""


class Settings(BaseSettings):
    """Settings of the platform; each field is the environment variable `MKT_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,  # a password that does not belong there would be in the traceback
    )

    home: AbsolutePath = Field(
        PROJECT_DIR / "data" / "home",
        description="everything made: warehouse, media, charts, reports, Dagster instance",
    )
    drops: FolderOrBucket = Field(
        PROJECT_DIR / "data" / "drops",
        description="input: one folder per crawl date, in a folder or below s3://bucket/prefix (keys: AWS_*)",
    )
    media: FolderOrBucket | None = Field(
        None,
        description="where mattes, charts and reports are: a folder, or s3://bucket/prefix (keys: AWS_*); unset: "
        "the home",
    )
    first_crawl_date: date = Field(date(2024, 1, 1), description="first partition")
    timezone: TimeZone = Field(
        "Asia/Shanghai", description="zone of the platform's local times and of 'today'"
    )
    window_crawl_dates: int = Field(
        1,
        ge=1,
        le=366,
        description="days whose crawls a clustering is fitted on, ending with its own",
    )
    drop_quiet_seconds: int = Field(
        5, ge=0, description="the sensor leaves a drop alone until nothing in it changed for so long"
    )

    rerun_changed_settings: bool = Field(
        False,
        description="the sensor runs again by itself what was made with other settings; else it is only told",
    )
    warehouse: PostgresAddress | None = Field(
        None,
        description="Postgres database with the catalog of a DuckLake that machines share, as "
        "postgresql://user@host/name (the password: PGPASSWORD); unset: a DuckDB file in the home",
    )
    warehouse_data: RowsPlace | None = Field(
        None, description="where the DuckLake's rows are: a folder, or s3://bucket/prefix (keys: AWS_*)"
    )
    max_snapshot_megabytes: float = Field(
        10_000.0, ge=0, description="a DuckLake of more is not published as a file at the end of each run"
    )
    state: PostgresAddress | None = Field(
        None,
        description="Postgres database with what machines share beside tables: the cache, who was forgotten, locks, "
        "Dagster's records; as postgresql://user@host/name; unset: files in the home",
    )

    notify_command: str | None = Field(
        None, description="command that is run when a run failed, with a JSON object on its standard input"
    )

    explore_url: WebAddress | None = Field(
        None,
        description="address of `mkt explore`, as http://127.0.0.1:3030: the Dagster UI then links reports and charts",
    )

    matting: ModelName = Field("selfie-segmentation", description="matting model, or onnx:FILE")
    image_encoder: ModelName = Field("efficientnet-lite0", description="encoder of pictures, or hub:NAME")
    text_encoder: ModelName = Field("use-multilingual-v3", description="encoder of captions, or hub:NAME")
    models: AbsolutePath = Field(
        PROJECT_DIR / "data" / "models", description="checkpoints of the models that no package carries"
    )
    precision: Precision = Field(
        "auto",
        description="of ImageBind: float32, bfloat16, int8, or auto (bfloat16 where the hardware has it)",
    )
    imagebind_heads: int | None = Field(
        None, ge=1, description="attention heads, for an ImageBind of other widths than the published one"
    )
    matting_long_side: int = Field(
        3072,
        ge=64,
        description="longest side, in pixels, at which SGHM sees a picture; smaller is faster and coarser",
    )
    workers: int = Field(
        default_factory=lambda: min(8, os.cpu_count() or 1),
        ge=1,
        le=64,
        description="threads that decode and write; processes that draw and compare, or that a Ray started here has",
    )
    engine: EngineName = Field(
        "threads", description="where mattes and vectors are computed: threads (here), or ray (its workers)"
    )
    ray_address: str | None = Field(
        None, description="Ray cluster, as host:6379; unset: one is started on this machine, for each run"
    )

    reject_foreground_below: Share = Field(
        0.002, description="a picture whose person covers a smaller share of it is rejected"
    )
    flag_foreground_below: Share = Field(0.1, description="below this share a matte is used, and flagged")
    flag_foreground_above: Share = Field(0.9, description="above this share a matte is used, and flagged")
    max_picture_megapixels: float = Field(
        50.0, gt=0, description="larger pictures are rejected before decoding"
    )
    max_picture_megabytes: float = Field(64.0, gt=0, description="larger picture files are rejected unread")
    max_video_megabytes: float = Field(2048.0, gt=0, description="larger video files are rejected unread")
    max_video_seconds: float = Field(
        120.0, gt=0, description="a video whose frames are not found in so much time is rejected"
    )
    max_table_megabytes: float = Field(2048.0, gt=0, description="larger files of posts are refused unread")
    max_unpacked_megabytes: float = Field(
        256.0, gt=0, description="Excel workbooks that are larger when unpacked are refused"
    )
    max_kept_megabytes: float = Field(
        400.0,
        gt=0,
        description="posts of a crawl beyond so much memory are rejected; the peak is thrice as high",
    )
    max_row_characters: int = Field(8_000_000, ge=1, description="longer rows of a table are rejected")
    max_field_characters: int = Field(1_000_000, ge=1, description="rows with a longer value are rejected")
    max_text_characters: int = Field(
        20_000, ge=1, description="posts of longer title, text and tags together are rejected"
    )
    max_rejected_share: Share = Field(
        0.3,
        description="a crawl of which a larger share of rows is rejected, or of texts damaged, fails a check",
    )
    max_columns: int = Field(2_000, ge=1, description="tables and rows of more columns are refused")
    background: Colour = Field(
        "black", description="colour behind a matte when it is embedded: a CSS name or #rrggbb"
    )

    emoji_language: EmojiLanguage = Field("en", description="language of the names that replace emoji")
    emoji_in_vectors: bool = Field(
        False, description="let the text encoder read the names of emoji, too, as the original did"
    )
    name_stickers: bool = Field(
        False, description="name the platform's stickers ([笑哭R]) as emoji are, instead of taking them out"
    )
    stop_words: FilePaths = Field(
        (), description="stop-word files that replace the shipped ones, separated by commas"
    )

    image_k: int | None = Field(
        None, ge=1, description="pin the number of image clusters (the original's: 100)"
    )
    text_k: int | None = Field(None, ge=1, description="pin the number of text clusters (the original's: 20)")
    image_k_range: KRange = Field((2, 200), description="smallest and largest k tried for images, as 2-200")
    text_k_range: KRange = Field((2, 100), description="smallest and largest k tried for texts, as 2-100")
    knee_sensitivity: float = Field(
        1.0,
        ge=0,
        description="factor of how plainly clusters must stand out to be called an elbow; 2 believes in fewer",
    )
    full_fit_items: int = Field(
        200_000,
        ge=100,
        description="clusters of more items are sought on a fair sample of so many, and all items assigned to them",
    )
    random_state: int = Field(0, ge=0, description="seed of every clustering and map")
    low_support_posts: int = Field(
        5, ge=0, description="image clusters with fewer posts with text are drawn faint"
    )

    names_file: AbsolutePath = Field(
        default_factory=lambda data: data["home"] / "names.csv",
        description="the analyst's own names of styles and topics: a CSV of modality, identity, name",
    )
    sight_words_file: AbsolutePath = Field(
        default_factory=lambda data: data["home"] / "sight_words.csv",
        description="the analyst's own words for what pictures show, beside the shipped: a CSV of kind, zh, en",
    )

    comparison_pictures: int = Field(
        300, ge=0, description="pictures that methods and encoders are compared on, sampled; 0: no comparison"
    )
    comparison_texts: int = Field(1000, ge=0, description="captions they are compared on, sampled")

    lock_timeout_seconds: float = Field(120.0, gt=0, description="how long to wait for the warehouse's lock")

    @model_validator(mode="after")
    def _ordered_thresholds(self) -> Self:
        if self.flag_foreground_below > self.flag_foreground_above:
            raise ValueError("MKT_FLAG_FOREGROUND_BELOW is larger than MKT_FLAG_FOREGROUND_ABOVE")
        return self

    @model_validator(mode="after")
    def _both_of_the_lake(self) -> Self:
        if (self.warehouse is None) != (self.warehouse_data is None):
            raise ValueError("MKT_WAREHOUSE and MKT_WAREHOUSE_DATA are set together, or neither")
        return self

    @model_validator(mode="after")
    def _state_of_shared_tables(self) -> Self:
        if self.state is not None and self.warehouse is None:
            # what is in no row is removed from the state: the rows must be all there are
            raise ValueError("MKT_STATE needs MKT_WAREHOUSE: who shares a state shares the tables")
        return self

    @classmethod
    def load(cls, **values: Any) -> Self:
        """Settings from the environment, with `values` on top.

        Raises:
            SettingsError: naming the variable, its value, and what it should be.
        """
        return cls._checked(values, lambda name: PREFIX + name.upper())

    @classmethod
    def _checked(cls, values: Mapping[str, Any], called: Callable[[str], str]) -> Self:
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_sentence(error, called)) from error

    def overridden_by(self, config: BaseModel) -> Self:
        """These settings with every field that `config` (a run configuration) gives, checked again.

        What it gives by default is what the settings were when it was shown, and no wish.

        Raises:
            SettingsError: naming the field, its value, and what it should be.
        """
        given = {
            n: value
            for n, value in config.model_dump(mode="json", exclude_defaults=True).items()
            if value is not None
        }
        if not given:
            return self
        return self._checked(self.model_dump() | given, lambda name: f"{name} in the run configuration")

    @property
    def model_options(self) -> ModelOptions:
        """What the loading of a model depends on."""
        precision = None if self.precision == "auto" else self.precision
        return ModelOptions(self.models, precision, self.imagebind_heads, self.matting_long_side)

    @property
    def read_limits(self) -> Limits:
        """Beyond what the tables of a drop are refused instead of read."""
        return Limits(
            max_field_characters=self.max_field_characters,
            max_row_characters=self.max_row_characters,
            max_text_characters=self.max_text_characters,
            max_columns=self.max_columns,
            max_file_bytes=int(self.max_table_megabytes * 1e6),
            max_unpacked_bytes=int(self.max_unpacked_megabytes * 1e6),
            max_kept_bytes=int(self.max_kept_megabytes * 1e6),
        )

    @property
    def picture_limits(self) -> PictureLimits:
        """Beyond what a picture or video is rejected instead of decoded."""
        from mkt_assets.core.media.pictures import PictureLimits

        return PictureLimits(
            max_bytes=int(self.max_picture_megabytes * 1e6),
            max_pixels=int(self.max_picture_megapixels * 1e6),
            max_video_seconds=self.max_video_seconds,
        )

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file that runs write."""
        return self.home / "mkt.duckdb"

    @property
    def tags_file(self) -> Path:
        """Tags that were given to posts in `mkt explore`."""
        return self.home / "tags.csv"

    @property
    def snapshot_path(self) -> Path:
        """The DuckDB file that people and notebooks read."""
        return self.home / "mkt.snapshot.duckdb"

    @property
    def cache_path(self) -> Path:
        """The DuckDB file of what is expensive to compute, keyed by content."""
        return self.home / "cache.duckdb"

    @property
    def media_dir(self) -> Path:
        """Mattes, where they are on a disk; in which place of whatever kind: `resources.open_files`."""
        return self._made_dir / "media"

    @property
    def charts_dir(self) -> Path:
        """Charts, as `media_dir`."""
        return self._made_dir / "charts"

    @property
    def reports_dir(self) -> Path:
        """Reports, as `media_dir`."""
        return self._made_dir / "reports"

    @property
    def _made_dir(self) -> Path:
        return self.media if isinstance(self.media, Path) else self.home

    @property
    def drops_dir(self) -> Path:
        """The folder of the drops, where they are on a disk.

        Raises:
            SettingsError: if they are in a bucket: `resources.open_drops` brings one to the disk.
        """
        if isinstance(self.drops, str):
            raise SettingsError(f"the drops are in {self.drops}, and in no folder.")
        return self.drops

    @property
    def dagster_home(self) -> Path:
        """The Dagster instance."""
        return self.home / "dagster"


def describe(settings: Settings) -> list[tuple[str, str, str, str]]:
    """(variable, value, where it comes from, meaning) of every setting, for people."""
    rows: list[tuple[str, str, str, str]] = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        source = "environment" if os.environ.get(variable) else "default"
        rows.append((variable, _shown(getattr(settings, name)), source, field.description or ""))
    return rows


def misspelt_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that begins like a setting and is none, with the setting it may be meant for."""
    known = [name.upper() for name in Settings.model_fields]
    sentences: list[str] = []
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if name != variable and name not in known and variable not in _OF_THE_TESTS:
            near = get_close_matches(name, known, n=1, cutoff=0.7)
            meant = f"do you mean {PREFIX}{near[0]}?" if near else "see `mkt settings`."
            sentences.append(f"{variable} is no setting, and changes nothing; {meant}")
    return sentences


def _shown(value: object) -> str:
    if value is None or value == ():
        return "-"
    if isinstance(value, tuple):
        parts = cast("tuple[Any, ...]", value)
        return ("-" if all(isinstance(part, int) for part in parts) else ",").join(
            str(part) for part in parts
        )
    return str(value)


def _sentence(error: ValidationError, called: Callable[[str], str]) -> str:
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{message}."
    value = _PASSWORD.sub(r"\1...@", repr(first["input"]))
    return f"{called(str(first['loc'][0]))} is {value}: {message[0].lower() + message[1:]}."
