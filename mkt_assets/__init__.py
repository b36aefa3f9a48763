"""What a crowd of social-media posts looks like and talks about: a Dagster asset platform on DuckDB."""
