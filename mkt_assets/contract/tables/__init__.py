"""The tables, as data, a file a group; each names its own in `TABLES`.

Not here: columns that several have (contract/columns), all tables by name (contract/schema).
"""
