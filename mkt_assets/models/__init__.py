"""The model zoo: matting and encoders behind small protocols. Weights load on first use, never at import."""
