"""The explorer: one page over all crawls, with the server that answers its questions.

Not here: the report, a page of one crawl that needs no server (report/), beginning the server (commands/explore).
"""
