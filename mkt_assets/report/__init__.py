"""The report of a crawl date: one HTML page that needs nothing else. Frames and pictures in, a string out.

Not here: reading the tables (stored/), PNG charts (charts/).
"""
