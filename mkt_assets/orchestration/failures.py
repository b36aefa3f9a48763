"""How a step fails: what is tried again, what fails at once in a sentence, and which sentence a run failed with.

Not here: who is told of it (orchestration/notifications), and how a command fails (commands/plain_errors).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from mkt_assets.compute.engine import EngineError
from mkt_assets.core.profiles.names import NamesError
from mkt_assets.crawlers.broken import BrokenDropError
from mkt_assets.crawlers.walk import DropMissing
from mkt_assets.models.provenance import WeightsError
from mkt_assets.resources.database import DatabaseBusyError, DatabaseSetupError
from mkt_assets.resources.files import FilesSetupError, disk_full
from mkt_assets.resources.migrations import SchemaError
from mkt_assets.resources.running import OvertakenError
from mkt_assets.resources.tombstones import ForgottenDate
from mkt_assets.resources.warehouse import ContractError
from mkt_assets.settings import SettingsError
from mkt_assets.stored.items import MixedEncodersError

_PERMANENT = (
    *(DropMissing, WeightsError, ContractError, ForgottenDate, SchemaError, SettingsError, NamesError),
    *(MixedEncodersError, BrokenDropError, DatabaseSetupError, FilesSetupError, OvertakenError),
    EngineError,
)
_TRANSIENT = (DatabaseBusyError, ConnectionError, TimeoutError, InterruptedError, BlockingIOError)
_INTERRUPTIONS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
_MAX_RETRIES = 3
_WAIT_SECONDS = 5


@contextmanager
def explained() -> Generator[None]:
    """Retry what may pass, fail at once, in a sentence, on what will not."""
    try:
        yield
    except _TRANSIENT as error:
        raise dg.RetryRequested(max_retries=_MAX_RETRIES, seconds_to_wait=_WAIT_SECONDS) from error
    except _PERMANENT as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except Exception as error:
        if (message := disk_full(error)) is None:
            raise
        raise dg.Failure(description=message, allow_retries=False) from error


def reason_of(event: dg.DagsterEvent) -> str:
    """The sentence the asset failed with, or else the error's message; the traceback is in the run's log."""
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return failure.user_failure_data.description
    if was_interrupted(event):
        return "it was interrupted; what was finished stays, and running it again goes on from there."
    return failure.error.message.strip() if failure.error else "failed; see its log in the Dagster UI"


def was_interrupted(event: dg.DagsterEvent) -> bool:
    """Whether a person stopped the step, or the run between two steps (Ctrl-C, or a cancellation in the UI)."""
    if event.is_step_failure:
        error = event.step_failure_data.error
    elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
        error = event.job_failure_data.error
    else:
        return event.event_type is dg.DagsterEventType.RUN_CANCELED
    return error is not None and error.cls_name in _INTERRUPTIONS
