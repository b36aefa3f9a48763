"""Pure functions on arrays, frames and pictures: no dagster, no duckdb, no environment.

Not here: Dagster's shells (assets/), heavy work on many files (compute/), stores (resources/).
"""
