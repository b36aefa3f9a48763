"""Reading what crawlers wrote: a reader per crawler, a format per kind of file. Nothing is cleaned.

Not here: cleaning of text (core/text), what becomes of the media (compute/).
"""
