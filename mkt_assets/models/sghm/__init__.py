"""SGHM, the original's matting model, as a `MattingModel`. Nothing heavy is imported before one is made."""

from mkt_assets.models.sghm.matting import LICENCE, MODEL_ID, SGHMMatting

__all__ = ["LICENCE", "MODEL_ID", "SGHMMatting"]
