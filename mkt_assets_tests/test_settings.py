"""Settings: defaults, environment, run configuration, and one clear sentence for a wrong value."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from mkt_assets.assets.step import run_config
from mkt_assets.settings import Settings, SettingsError, describe, misspelt_variables


def test_everything_made_is_inside_data_by_default() -> None:
    settings = Settings.load()
    assert settings.home.parent.name == "data"
    assert settings.drops_dir == settings.home.parent / "drops"
    assert settings.first_crawl_date == date(2024, 1, 1)
    made = [settings.warehouse_path, settings.snapshot_path, settings.media_dir, settings.dagster_home]
    assert [p.name for p in made] == ["mkt.duckdb", "mkt.snapshot.duckdb", "media", "dagster"]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MKT_FIRST_CRAWL_DATE", "tomorrow", "MKT_FIRST_CRAWL_DATE is 'tomorrow': "),
        ("MKT_IMAGE_K", "many", "MKT_IMAGE_K is 'many': "),
        ("MKT_TEXT_K", "0", "MKT_TEXT_K is '0': "),
        ("MKT_IMAGE_ENCODER", "clip", "there is no such model; it should be one of: colour-histogram"),
        ("MKT_TEXT_K_RANGE", "5..9", "two numbers like 2-200"),
        ("MKT_TEXT_K_RANGE", "9-5", "the smaller first"),
        ("MKT_TIMEZONE", "Mars/Olympus", "a time zone like Asia/Shanghai"),
        ("MKT_BACKGROUND", "whitish", "a colour like white"),
        ("MKT_STOP_WORDS", "/no/such.txt", "there is no file /no/such.txt"),
        ("MKT_FLAG_FOREGROUND_BELOW", "0.95", "MKT_FLAG_FOREGROUND_BELOW is larger than"),
        ("MKT_WINDOW_CRAWL_DATES", "0", "MKT_WINDOW_CRAWL_DATES is '0': "),
    ],
)
def test_a_wrong_value_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    message = str(error.value)
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_IMAGE_K", "")
    assert Settings.load().image_k is None


def configuration(**given: object) -> dg.Config:
    made = run_config("k_selection", ["image_k", "text_k", "image_k_range", "text_k_range"], Settings.load())
    assert made is not None
    return made(**given)


def test_run_configuration_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_IMAGE_K", "100")
    monkeypatch.setenv("MKT_TEXT_K", "20")
    settings = Settings.load().overridden_by(configuration(image_k=7, text_k_range="3-9"))
    assert (settings.image_k, settings.text_k, settings.text_k_range) == (7, 20, (3, 9))


def test_run_configuration_is_checked_like_the_environment() -> None:
    with pytest.raises(SettingsError, match="image_k in the run configuration is -1"):
        Settings.load().overridden_by(configuration(image_k=-1))


def test_every_setting_is_shown_with_its_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_IMAGE_K", "100")
    rows = describe(Settings.load())
    assert {row[0] for row in rows} == {"MKT_" + name.upper() for name in Settings.model_fields}
    assert all(row[3] for row in rows)
    assert [row[1:3] for row in rows if row[0] == "MKT_IMAGE_K"] == [("100", "environment")]


def test_a_misspelt_variable_is_noticed() -> None:
    found = misspelt_variables({"MKT_IMGE_K": "3", "MKT_IMAGE_K": "3", "MKT_X": "", "PATH": ""})
    assert found == [
        "MKT_IMGE_K is no setting, and changes nothing; do you mean MKT_IMAGE_K?",
        "MKT_X is no setting, and changes nothing; see `mkt settings`.",
    ]


def test_relative_paths_are_those_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MKT_HOME", "here")
    assert Settings.load().home == tmp_path / "here"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"warehouse": "postgresql://mkt@db/mkt"}, "are set together"),
        ({"state": "postgresql://mkt@db/mkt"}, "who shares a state shares the tables"),
        (
            {
                "state": "postgresql://mkt:hunter2@db/mkt",
                "warehouse": "postgresql://mkt@db/mkt",
                "warehouse_data": "s3://b",
            },
            "no password in it",
        ),
        ({"warehouse": "mysql://db/mkt", "warehouse_data": "s3://b"}, "like postgresql://user@host/database"),
        (
            {"warehouse": "postgresql://mkt@db", "warehouse_data": "s3://b"},
            "like postgresql://user@host/database",
        ),
        ({"warehouse": "postgresql://mkt:hunter2@db/mkt", "warehouse_data": "s3://b"}, "no password in it"),
        (
            {"warehouse": "postgresql://mkt@db/mkt", "warehouse_data": "gs://b"},
            "a folder, or like s3://bucket/prefix",
        ),
    ],
)
def test_a_lake_or_state_that_is_half_set_or_names_a_password_is_refused_and_no_password_shown(
    values: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as raised:
        Settings.load(**values)
    assert "hunter2" not in str(raised.value)
