from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mkt_assets.core.media.picture_formats import sniff_format
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture
from mkt_assets_tests.heic_files import heic

RED, BLUE = (250, 10, 10), (10, 10, 250)


def two_colours(width: int = 60, height: int = 40) -> Image.Image:
    """Red above blue."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (0, height // 2, width, height))
    return picture


def encoded(picture: Image.Image, picture_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, picture_format, **options)
    return buffer.getvalue()


def near(colour: object, expected: tuple[int, ...]) -> bool:
    assert isinstance(colour, tuple)
    return max(abs(a - b) for a, b in zip(colour, expected, strict=True)) < 20


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
SAMPLES = {
    **{name: encoded(two_colours(), name) for name in FORMATS},
    "TIFF in LZW": encoded(two_colours(), "TIFF", compression="tiff_lzw"),
    "animated GIF": encoded(two_colours(), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40))]),
    "transparent PNG": encoded(two_colours().convert("RGBA"), "PNG"),
}


@pytest.mark.parametrize("picture_format", FORMATS)
def test_every_format_is_read_by_its_bytes(picture_format: str) -> None:
    picture = decode_picture(SAMPLES[picture_format])
    assert (picture.mode, picture.size) == ("RGB", (60, 40))
    assert near(picture.getpixel((30, 5)), RED)
    assert near(picture.getpixel((30, 35)), BLUE)
    assert sniff_format(SAMPLES[picture_format]) == picture_format


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    picture = decode_picture(encoded(two_colours(), "JPEG", exif=exif))
    assert picture.size == (40, 60)
    assert near(picture.getpixel((35, 30)), RED)


def test_an_animation_gives_its_first_frame() -> None:
    assert near(decode_picture(SAMPLES["animated GIF"]).getpixel((30, 5)), RED)


def test_transparency_of_a_palette_survives() -> None:
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([0, 255, 0, 255, 0, 0])
    palette.paste(0, (0, 0, 10, 20))
    picture = decode_picture(encoded(palette, "PNG", transparency=0))
    assert picture.mode == "RGBA"
    alpha = picture.getchannel("A")
    assert (alpha.getpixel((2, 2)), alpha.getpixel((15, 2))) == (0, 255)


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(picture_format: str) -> None:
    deep = np.repeat(np.array([[0, 128 * 257, 65535]], np.uint16), 10, axis=0).repeat(10, axis=1)
    picture = decode_picture(encoded(Image.fromarray(deep), picture_format))
    assert [picture.getpixel((x, 5)) for x in (5, 15, 25)] == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]


def test_floating_point_greys_from_0_to_1_use_the_whole_range() -> None:
    greys = np.repeat(np.array([[0.0, 0.5, 1.0, np.nan]], np.float32), 10, axis=0).repeat(10, axis=1)
    picture = decode_picture(encoded(Image.fromarray(greys), "TIFF"))
    assert [picture.getpixel((x, 5)) for x in (5, 25)] == [(0, 0, 0), (255, 255, 255)]


def test_whole_numbers_beyond_16_bits_use_the_whole_range() -> None:
    deep = np.repeat(np.array([[0, 400_000, 1_000_000]], np.int32), 10, axis=0).repeat(10, axis=1)
    picture = decode_picture(encoded(Image.fromarray(deep), "TIFF"))
    assert [picture.getpixel((x, 5)) for x in (5, 15, 25)] == [(0, 0, 0), (102, 102, 102), (255, 255, 255)]


def with_red_and_blue_exchanged() -> bytes:
    """A colour profile whose red is the blue of sRGB, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_colours_are_those_of_the_profile(picture_format: str) -> None:
    data = encoded(two_colours(), picture_format, icc_profile=with_red_and_blue_exchanged())
    assert near(decode_picture(data).getpixel((30, 5)), RED[::-1])


@pytest.mark.parametrize("colours", ["nonsense", "LAB"])
def test_a_profile_that_does_not_fit_leaves_the_colours_alone(colours: str) -> None:
    of_lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    profile = of_lab if colours == "LAB" else b"\1" * 500
    assert near(decode_picture(encoded(two_colours(), "JPEG", icc_profile=profile)).getpixel((30, 5)), RED)


def test_cmyk_becomes_rgb() -> None:
    assert decode_picture(encoded(two_colours().convert("CMYK"), "JPEG")).mode == "RGB"


def without_palette() -> bytes:
    data = encoded(two_colours().convert("P"), "PNG")
    at = data.index(b"PLTE") - 4
    return data[:at] + data[at + 12 + int.from_bytes(data[at : at + 4], "big") :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"  <!DOCTYPE html><html>blocked</html>", "HTML or XML instead of a picture"),
        (b'{"code": -1}', "JSON instead of a picture"),
        (b"\x00" * 64, "the file holds nothing but blanks or zeros"),
        (b"\x00\x00\x00\x20ftypisom" + b"\x00" * 64, "a video instead of a picture"),
        (
            b"\x00\x00\x00\x20ftypheic" + b"\x00" * 64,
            "the HEIF picture is damaged or cut off in its header: fetch it again, or as JPEG",
        ),
        (b"hello", "not a picture in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC)"),
        (SAMPLES["JPEG"][:20], "the JPEG picture is damaged or cut off in its header"),
        (SAMPLES["JPEG"][:-200], "the JPEG picture is truncated"),
        (SAMPLES["PNG"][:-30], "the PNG picture is truncated"),
        (without_palette(), "the PNG picture is damaged: its parts do not fit together"),
    ],
)
def test_a_refused_file_gets_the_reason_as_a_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode_picture(data)
    assert str(caught.value) == reason


def test_size_is_checked_before_pixels_are_decoded() -> None:
    huge = bytearray(SAMPLES["BMP"])
    huge[18:26] = (20_000).to_bytes(4, "little") + (20_000).to_bytes(4, "little")
    with pytest.raises(PictureError, match="megapixels"):
        decode_picture(bytes(huge))
    with pytest.raises(PictureError, match=r"60 x 40 pixels, more than 0\.001 megapixels"):
        decode_picture(SAMPLES["PNG"], limits=PictureLimits(max_pixels=1000))
    with pytest.raises(PictureError, match="short side needs at least 8"):
        decode_picture(encoded(two_colours(100, 7), "PNG"))
    with pytest.raises(PictureError, match="MB, more than"):
        decode_picture(SAMPLES["BMP"], limits=PictureLimits(max_bytes=100))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(SAMPLES[draw(st.sampled_from(sorted(SAMPLES)))])
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@settings(max_examples=300, deadline=None)
@given(st.one_of(damaged(), st.binary(max_size=200)))
def test_any_bytes_give_a_picture_or_a_picture_error(data: bytes) -> None:
    try:
        picture = decode_picture(data)
    except PictureError as error:
        assert str(error)
        assert "\n" not in str(error)
        return
    assert picture.mode in ("RGB", "RGBA")
    assert min(picture.size) >= 8


def animation(picture_format: str, *colours: tuple[int, int, int, int] | None) -> bytes:
    """Frames of one colour each; two colours for None."""
    frames = [
        two_colours().convert("RGBA") if colour is None else Image.new("RGBA", (60, 40), colour)
        for colour in colours
    ]
    return encoded(frames[0], picture_format, save_all=True, append_images=frames[1:], duration=100)


@pytest.mark.parametrize("picture_format", ["WEBP", "PNG", "GIF"])
@pytest.mark.parametrize("blank", [(0, 0, 0, 0), (255, 255, 255, 255)])
def test_the_first_frame_of_an_animation_that_shows_something_is_used(
    picture_format: str, blank: tuple[int, int, int, int]
) -> None:
    shown = decode_picture(animation(picture_format, blank, blank, None)).convert("RGB")
    assert near(shown.getpixel((30, 5)), RED)


def test_an_animation_that_shows_nothing_gives_its_first_frame() -> None:
    shown = decode_picture(animation("WEBP", (0, 0, 0, 0), (9, 9, 9, 255), (0, 0, 0, 0)))
    assert shown.getextrema()[-1] == (0, 0)


def test_a_heic_is_read_with_its_turn() -> None:
    picture = decode_picture(heic(two_colours(64, 48), quarters=1))
    assert (picture.mode, picture.size) == ("RGB", (48, 64))
    assert near(picture.getpixel((5, 30)), RED)  # above is left, a quarter against the clock


def test_a_heic_of_too_many_pixels_is_refused_by_its_header() -> None:
    claimed = heic(two_colours(64, 48), claimed=(20_000, 20_000))
    with pytest.raises(PictureError, match="megapixels"):
        decode_picture(claimed)


def test_a_cut_off_heic_is_refused() -> None:
    with pytest.raises(PictureError, match="HEIF picture is"):
        decode_picture(heic(two_colours(64, 48))[:-200])
