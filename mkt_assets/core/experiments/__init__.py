"""The original's choices against their alternatives: methods, controls, verdicts.

Not here: what a crawl is really clustered by (core/clustering).
"""
