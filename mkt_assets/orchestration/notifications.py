"""Telling somebody that a run failed: a command of the operator's; without one the sensor says that nobody is told.

Not here: the sentence a run failed with (orchestration/failures).
"""

import json
import shlex
import subprocess

import dagster as dg

from mkt_assets.orchestration.failures import reason_of
from mkt_assets.settings import Settings

SENSOR = "tell_of_failures"
_TIMEOUT_SECONDS = 30
_NO_COMMAND = "None is set, so nobody is told: set MKT_NOTIFY_COMMAND."


class NotificationError(RuntimeError):
    """Nobody was told; the message says why, and nothing of the command."""


def build_failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """Runs `notify_command` for every failed run; if there is no such command, skips with that reason."""
    command = shlex.split(settings.notify_command or "")
    what = "Runs the command of MKT_NOTIFY_COMMAND for every failed run, with a JSON object on its input."

    @dg.run_failure_sensor(
        name=SENSOR,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=what if command else f"{what} {_NO_COMMAND}",
    )
    def tell_of_failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if not command:
            return dg.SkipReason(f"run {context.dagster_run.run_id} failed. {_NO_COMMAND}")
        # a killed run has no step that failed
        problems = [f"{event.step_key}: {reason_of(event)}" for event in context.get_step_failure_events()]
        notify(
            command,
            message_of(context.dagster_run, "; ".join(problems) or context.failure_event.message or ""),
        )
        return None

    return tell_of_failures


def message_of(run: dg.DagsterRun, problem: str) -> dict[str, str]:
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
        NotificationError: if it is not there, ends with an error, or not within half a minute.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            command,
            input=json.dumps(message, ensure_ascii=False),
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
        problem = f"ended with {done.returncode}" if done.returncode else None
    except subprocess.TimeoutExpired:
        problem = f"was stopped after {_TIMEOUT_SECONDS} seconds"
    except OSError as error:
        problem = f"could not be started: {error.strerror}"
    if problem is not None:
        # outside the handler, so that no cause is shown: the command may have a password in its arguments
        raise NotificationError(f"the command of MKT_NOTIFY_COMMAND {problem}.")
