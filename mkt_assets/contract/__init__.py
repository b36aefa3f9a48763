"""What is stored and promised to readers: tables, columns, views.

Not here: how it is stored (resources/warehouse).
"""
