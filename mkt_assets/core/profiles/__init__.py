"""What a cluster is about, and what it is called.

Not here: how its members were found (core/clustering).
"""
