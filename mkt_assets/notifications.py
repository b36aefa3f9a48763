"""Telling somebody that a run failed: a command of the operator's, off unless set."""

import json
import shlex
import subprocess

import dagster as dg

from mkt_assets.settings import Settings

SENSOR = "tell_of_failures"
_TIMEOUT_SECONDS = 30


def build_failure_sensor(settings: Settings) -> dg.SensorDefinition | None:
    """Runs `notify_command` for every failed run; None if there is no such command."""
    if not settings.notify_command:
        return None
    command = shlex.split(settings.notify_command)

    @dg.run_failure_sensor(
        name=SENSOR,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs the command of MKT_NOTIFY_COMMAND for every failed run, with a JSON object on its input.",
    )
    def tell_of_failures(context: dg.RunFailureSensorContext) -> None:
        notify(command, told(context.dagster_run, context.failure_event.message or ""))

    return tell_of_failures


def told(run: dg.DagsterRun, problem: str) -> dict[str, str]:
    """What is said of a failed run."""
    return {
        "job": run.job_name,
        "run_id": run.run_id,
        "crawl_date": run.tags.get("dagster/partition", ""),
        "problem": problem,
    }


def notify(command: list[str], message: dict[str, str]) -> None:
    """Run the command with the message as JSON on its standard input; no shell is involved.

    Raises:
        subprocess.SubprocessError: if it ends with an error, or not within half a minute.
    """
    subprocess.run(  # noqa: S603 - the operator's own command
        command,
        input=json.dumps(message, ensure_ascii=False),
        text=True,
        check=True,
        timeout=_TIMEOUT_SECONDS,
    )
