"""The cross table of styles and topics, and what of it to believe.

Not here: shares over crawls (core/over_time).
"""
