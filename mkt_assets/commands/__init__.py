"""The `mkt` command line: it parses, calls and prints.

Not here: what a command does (orchestration/, operations/, crawlers/, mkt_sample).
"""
