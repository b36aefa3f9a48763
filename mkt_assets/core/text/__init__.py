"""Captions, and the cells that people's tools write them into: cleaning, counts, dates.

Not here: the words that name a cluster (core/profiles).
"""
