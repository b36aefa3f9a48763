"""The model zoo: matting and encoders behind small protocols. Weights load on first use, never at import.

Not here: running a model over a crawl (compute/).
"""
