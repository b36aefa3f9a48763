"""K-means at every k, and which k.

Not here: other methods to compare with (core/experiments), what a cluster is called (core/profiles).
"""
