"""Side effects: the warehouse, the cache, files, account hashing, models. Handed in to the assets by name.

Nothing is imported here: what a worker elsewhere needs of this room must not bring the orchestrator along.
"""
