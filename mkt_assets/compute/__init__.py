"""The heavy work that steps share: mattes made, vectors computed, while the next is read.

Not here: pixels (core/media), networks and their weights (models/), where results are kept (resources/).
"""
