"""What is stored of a crawl, read once for whoever draws, tells or exports it.

Not here: writing (resources/warehouse), what is computed of it (core/).
"""
