"""`mkt models`: what models there are, getting their checkpoints, trying them out.

Not here: the models (models/).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.models import zoo
from mkt_assets.models.registry import MODELS, Role, choices, describe
from mkt_assets.settings import Settings

models_app = typer.Typer(
    help="The models: what there is, what is here, what is active.", no_args_is_help=True
)


@models_app.command("list")
@plain_errors
def list_models() -> None:
    """Show every model: role, licence, size, where from, whether it is here, and which is active (*)."""
    settings = Settings.load()
    for role, model_id, checkpoint_id in _models(settings):
        card = describe(role, model_id, settings.model_options)
        active = "*" if model_id == getattr(settings, role) else " "
        here, size = "in its package" if model_id in MODELS[role] else "a file", ""
        if checkpoint_id is not None:
            here = "here" if zoo.path_of(checkpoint_id, settings.models).is_file() else "not here"
            size = f"{zoo.CHECKPOINTS[checkpoint_id].n_bytes / 1e9:.1f} GB, "
        print(f"{active} {role:<14} {model_id:<20} {card.licence:<16} {size}{here}; from {card.origin}")
    print(f"checkpoints: {settings.models} (MKT_MODELS)")


@models_app.command()
@plain_errors
def fetch(
    model_id: Annotated[str, typer.Argument(help=", ".join(zoo.CHECKPOINTS))],
    source: Annotated[
        Path | None, typer.Option("--from", help="a file that is already on this machine")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="I have read it and keep to it")
    ] = False,
    url: Annotated[str | None, typer.Option(help="another address of the same file")] = None,
) -> None:
    """Get a model's checkpoint; an interrupted download goes on where it stopped."""
    if model_id not in zoo.CHECKPOINTS:
        raise ValueError(f"there is no checkpoint {model_id!r}; known: {', '.join(zoo.CHECKPOINTS)}.")
    checkpoint = zoo.CHECKPOINTS[model_id]
    print(f"{checkpoint.file_name}, from {checkpoint.origin}")
    print(f"licence: {checkpoint.licence}: {checkpoint.licence_note}")
    if not accept_licence:
        raise ValueError(
            "nothing was fetched: say --accept-licence once you have read the licence and keep to it."
        )
    settings = Settings.load()
    if source is not None:
        path = zoo.install(model_id, settings.models, source)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, TimeRemainingColumn()) as bars:
            task = bars.add_task(checkpoint.file_name, total=checkpoint.n_bytes)
            path = zoo.fetch(
                model_id,
                settings.models,
                url=url,
                progress=lambda done, total: bars.update(task, completed=done, total=total),
            )
    print(f"{path} (sha256 {zoo.sha256_of(path)})")


@models_app.command()
@plain_errors
def check(
    model_ids: Annotated[list[str] | None, typer.Argument(help="default: the active models")] = None,
) -> None:
    """Load models, run each on a probe, and print time, memory and norms."""
    from mkt_assets.models.trial import try_out

    settings = Settings.load()
    chosen: list[tuple[Role, str]] = [
        (role, model_id)
        for role, model_id, _ in _models(settings)
        if (model_id in model_ids if model_ids else model_id == getattr(settings, role))
    ]
    if not chosen:
        raise ValueError(f"there is no model {', '.join(model_ids or [])}; see `mkt models list`.")
    for role, model_id in chosen:
        trial = try_out(role, model_id, settings.model_options)
        print(f"{role} {model_id} {trial.version}")
        print(
            f"    loaded in {trial.load_seconds:.1f} s, {trial.seconds_an_item * 1000:.0f} ms an item, "
            f"peak memory {trial.peak_memory_gb:.1f} GB, {trial.outputs}"
        )


def _models(settings: Settings) -> Iterator[tuple[Role, str, str | None]]:
    for role, entries in MODELS.items():
        for model_id in choices(role, getattr(settings, role)):
            yield role, model_id, entries[model_id].checkpoint_id if model_id in entries else None
