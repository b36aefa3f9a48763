"""What a setting's value may be: a type for each kind, which makes it of a variable's text or says what it should be.

Not here: which settings there are, and what each means (settings).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_settings import NoDecode

from mkt_assets.models.registry import check_id


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _folder_or_bucket(value: object) -> object:
    if not isinstance(value, str) or "://" not in value:
        return _absolute(Path(value)) if isinstance(value, str | Path) else value
    parts = urlsplit(value)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("it should be a folder, or like s3://bucket/prefix")
    if "@" in parts.netloc:
        raise ValueError("it should have no key in it, as settings are shown; use AWS_SECRET_ACCESS_KEY")
    return value.rstrip("/")


def _rows_place(value: str) -> str:
    if value.startswith("s3://"):
        return value
    if "://" in value:
        raise ValueError("it should be a folder, or like s3://bucket/prefix")
    return str(_absolute(Path(value)))


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it should be like http://127.0.0.1:3030")
    if "@" in parts.netloc:
        raise ValueError("it should have no password in it, as settings are shown")
    return value.rstrip("/")


def _postgres(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ValueError("it should be like postgresql://user@host/database")
    if parts.password is not None or "password=" in parts.query:
        raise ValueError("it should have no password in it, as settings are shown; use PGPASSWORD")
    return value


def _range(value: object) -> object:
    if isinstance(value, str):
        low, dash, high = value.partition("-")
        if not (dash and low.strip().isdigit() and high.strip().isdigit()):
            raise ValueError("it should be two numbers like 2-200")
        value = (int(low), int(high))
    if isinstance(value, tuple | list):
        ends = cast("Sequence[Any]", value)
        if len(ends) == 2 and not 1 <= ends[0] <= ends[1]:
            raise ValueError("it should be two numbers like 2-200, at least 1, the smaller first")
        return ends
    return value


def _paths(value: object) -> object:
    if isinstance(value, str):
        return tuple(Path(part.strip()) for part in value.split(",") if part.strip())
    return value


def _existing(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    for path in paths:
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
    return paths


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("it should be a time zone like Asia/Shanghai") from error
    return value


def _colour(value: str) -> str:
    from PIL import ImageColor

    try:
        ImageColor.getrgb(value)
    except ValueError as error:
        raise ValueError("it should be a colour like white or #f4f4f4") from error
    return value


def _model(value: str, info: ValidationInfo) -> str:
    check_id(cast("Any", info.field_name), value)
    return value


Share = Annotated[float, Field(ge=0, le=1)]
KRange = Annotated[tuple[int, int], NoDecode, BeforeValidator(_range)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
FilePaths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_paths), AfterValidator(_existing)]
FolderOrBucket = Annotated[Path | str, BeforeValidator(_folder_or_bucket)]
RowsPlace = Annotated[str, AfterValidator(_rows_place)]
PostgresAddress = Annotated[str, AfterValidator(_postgres)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Colour = Annotated[str, AfterValidator(_colour)]
ModelName = Annotated[str, AfterValidator(_model)]
EmojiLanguage = Literal["en", "zh"]
Precision = Literal["auto", "float32", "bfloat16", "int8"]
EngineName = Literal["threads", "ray"]
