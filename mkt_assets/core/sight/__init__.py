"""What pictures say by themselves, in a space that they share with words: words of styles, matches with captions.

Not here: what captions say of a cluster (core/profiles), the models that share a space (models/).
"""
