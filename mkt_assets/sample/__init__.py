"""Invented crawls with planted truth, to try the platform on and to test it with. No real person, post or picture is in them."""

from mkt_assets.sample.drops import NotASample, SampleTruth, generate

__all__ = ["NotASample", "SampleTruth", "generate"]
