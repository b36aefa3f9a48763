"""Invented crawls with planted truth, for trying and testing the platform: no real person, post or picture."""

from mkt_sample.drops import NotASampleError, SampleTruth, generate

__all__ = ["NotASampleError", "SampleTruth", "generate"]
