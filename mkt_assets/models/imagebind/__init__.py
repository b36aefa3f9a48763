"""ImageBind's vision and text towers, from the official checkpoint. Its other four modalities are not here."""

from mkt_assets.models.imagebind.encoders import ImageBindImageEncoder, ImageBindTextEncoder
from mkt_assets.models.imagebind.loading import ImageBind, build_imagebind, load_imagebind

__all__ = ["ImageBind", "ImageBindImageEncoder", "ImageBindTextEncoder", "build_imagebind", "load_imagebind"]
