"""Pictures drawn from frames and arrays: no dagster, no duckdb, no files but a font cache.

Not here: which pictures a crawl gets (assets/charts), the report's own drawings (report/).
"""
