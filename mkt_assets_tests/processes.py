"""Other processes for tests, forked off a server that has imported everything: by itself each would take seconds to.

What runs in one is a function of a module; it gets the environment and the folder that the server began with.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

OTHERS: ForkServerContext = multiprocessing.get_context("forkserver")
OTHERS.set_forkserver_preload(
    [
        "mkt_assets_tests.soak.worker",
        # what assets import when they run
        "matplotlib.backends.backend_agg",
        "sklearn.cluster",
        "sklearn.metrics",
        "sklearn.neighbors",
        "scipy.sparse",
    ]
)
