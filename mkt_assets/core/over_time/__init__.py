"""Clusters over crawl dates: lasting identities, what is new or gone, trends.

Not here: the clusters of one crawl (core/clustering), and how they are worded (report/).
"""
