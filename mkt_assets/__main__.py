"""`python -m mkt_assets` is the `mkt` command."""

from mkt_assets.commands.cli import app

app()
