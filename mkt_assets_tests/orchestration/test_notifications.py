from __future__ import annotations

import json
import shlex
import sys
import traceback
from pathlib import Path

import dagster as dg
import pytest

from mkt_assets.definitions import build_defs
from mkt_assets.orchestration.notifications import SENSOR, NotificationError, build_failure_sensor, notify
from mkt_assets.settings import Settings


def test_without_a_command_the_sensor_is_there_and_says_that_nobody_is_told(settings: Settings) -> None:
    repository = build_defs(settings).get_repository_def()
    [sensor] = [sensor for sensor in repository.sensor_defs if sensor.name == SENSOR]
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert "set MKT_NOTIFY_COMMAND" in str(sensor.description)
    skipped = evaluate(build_failure_sensor(settings))[1]
    assert isinstance(skipped, dg.SkipReason)
    assert "nobody is told: set MKT_NOTIFY_COMMAND" in str(skipped.skip_message)


def evaluate(sensor: dg.SensorDefinition) -> tuple[str, object]:
    """The id of a run that failed, and what the sensor makes of it."""

    @dg.op
    def fails() -> None:
        raise dg.Failure("the drop is gone", allow_retries=False)

    @dg.job(name="crawl")
    def crawl() -> None:
        fails()

    with dg.instance_for_test() as instance:
        done = crawl.execute_in_process(
            instance=instance, raise_on_error=False, tags={"dagster/partition": "2024-06-13"}
        )
        context = dg.build_run_status_sensor_context(
            sensor_name=SENSOR,
            dagster_instance=instance,
            dagster_run=done.dagster_run,
            dagster_event=done.get_run_failure_event(),
        ).for_run_failure()
        return done.run_id, sensor(context)


def test_the_command_gets_what_happened_and_to_which_crawl(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "told with a blank.json"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())", "utf-8")
    command = shlex.join([sys.executable, str(script)])
    sensor = build_failure_sensor(
        Settings.load(home=settings.home, drops=settings.drops_dir, notify_command=command)
    )
    run_id, _ = evaluate(sensor)
    message = json.loads(out.read_text("utf-8"))
    assert message["crawl_date"] == "2024-06-13"
    assert message["run_id"] == run_id
    assert message["problem"] == "fails: the drop is gone"


@pytest.mark.parametrize("program", [sys.executable, "/no/such/program"])
def test_a_command_that_fails_is_not_passed_over_and_its_secrets_are_not_said(program: str) -> None:
    command = [program, "-c", "raise SystemExit(3)", "--password=hunter2"]
    with pytest.raises(NotificationError) as error:
        notify(command, {})
    assert "hunter2" not in "".join(traceback.format_exception(error.value))


def test_a_command_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mkt_assets.orchestration.notifications._TIMEOUT_SECONDS", 0.1)
    with pytest.raises(NotificationError, match="was stopped"):
        notify([sys.executable, "-c", "import time; time.sleep(60)"], {})


def test_what_is_said_reaches_no_shell(tmp_path: Path) -> None:
    notify([sys.executable, "-c", "pass", "; touch", str(tmp_path / "x")], {"problem": "$(touch x)"})
    assert list(tmp_path.iterdir()) == []
