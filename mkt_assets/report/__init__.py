"""The report of a crawl date: one HTML page that needs nothing else. Frames and pictures in, a string out."""
