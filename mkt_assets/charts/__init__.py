"""Pictures drawn from frames and arrays: no dagster, no duckdb, no files but a font cache."""
