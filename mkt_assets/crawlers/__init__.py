"""Reading what crawlers wrote: a reader per crawler, a format per kind of file. Nothing is cleaned."""
