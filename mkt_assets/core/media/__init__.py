"""Pictures, video frames and mattes as pixels.

Not here: the network that mattes (models/), the work of a crawl (compute/), files (resources/).
"""
