"""The heavy work: mattes made, vectors computed, charts drawn, methods tried; here, or by workers elsewhere.

Not here: pixels (core/media), networks and their weights (models/), where results are kept (resources/).
"""
