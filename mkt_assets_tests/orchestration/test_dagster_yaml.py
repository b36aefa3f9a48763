"""What is ours of dagster.yaml, and what is the user's."""

from __future__ import annotations

import doctest

import pytest
import yaml

from mkt_assets.orchestration import dagster_yaml
from mkt_assets.orchestration.dagster_yaml import records_url, with_storage

OWN = "telemetry:\n  enabled: false\n# mine\nconcurrency:\n  runs:\n    max_concurrent_runs: 7"


def test_examples_give_what_they_show() -> None:
    assert doctest.testmod(dagster_yaml).failed == 0


@pytest.mark.parametrize("own", [OWN, OWN + "\n", ""])
def test_our_part_comes_changes_and_goes_and_the_users_own_stays(own: str) -> None:
    there = with_storage(own, "postgresql://mkt@one/state")
    moved = with_storage(there, "postgresql://mkt@two/state")
    assert own in moved and "@one" not in moved
    assert yaml.safe_load(moved)["storage"] == {
        "postgres": {
            "postgres_url": "postgresql+psycopg2://mkt@two/state?options=-csearch_path%3Dmkt_dagster"
        }
    }
    assert with_storage(moved, "postgresql://mkt@two/state") == moved
    assert with_storage(moved, None).rstrip("\n") == own.rstrip("\n")


def test_a_users_own_storage_is_left_where_it_is() -> None:
    own = "run_storage:\n  module: theirs\n"
    assert with_storage(own, "postgresql://mkt@one/state") == own


def test_what_libpq_knows_of_the_address_stays() -> None:
    url = records_url("postgres://mkt@db.example:5433/state?sslmode=verify-full&options=-cwork_mem%3D1MB")
    assert url == (
        "postgresql+psycopg2://mkt@db.example:5433/state?sslmode=verify-full"
        "&options=-cwork_mem%3D1MB%20-csearch_path%3Dmkt_dagster"
    )
