"""Pure functions on arrays, frames and pictures: no dagster, no duckdb, no environment."""
