"""The kinds of augmentation that a recipe may name: a closed section each, every field with its meaning and default."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_serializer
from pydantic_core import PydanticCustomError

from factory.blocks.values import Positive, Section

Probability = Annotated[float, Field(ge=0, le=1)]
PartOfOne = Annotated[float, Field(gt=0, le=1)]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _ordered(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise PydanticCustomError("range", "expected [lowest, highest]")
    return value


def _pixel_or(word: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 255
        if not number and value != word:
            raise PydanticCustomError("pixel", f"expected a pixel value, 0 to 255, or {word}")
        return value

    return BeforeValidator(check)


Pixel = Annotated[float, Field(ge=0, le=255)]
Fill = Annotated[Pixel | Literal["reflect"], _pixel_or("reflect")]
Range = Annotated[tuple[Positive, Positive], BeforeValidator(_as_tuple), AfterValidator(_ordered)]
Shares = Annotated[tuple[PartOfOne, PartOfOne], BeforeValidator(_as_tuple), AfterValidator(_ordered)]

_FILL = "what comes in at the borders: a pixel value, or reflect (the image mirrored, its edge twice)"


class Augmentation(Section):
    """What all augmentations have in common: a name, and the field that a short value sets."""

    kind: ClassVar[str]
    short: ClassVar[str | None] = None
    mixes: ClassVar[bool] = False
    """It makes one target of two samples', so targets are probabilities."""
    colour: ClassVar[bool] = False
    """It works on the colours of RGB."""

    @model_serializer
    def _named(self) -> dict[str, Any]:
        """As it is written in a recipe, so that a dump can be read back."""
        return {self.kind: {name: getattr(self, name) for name in type(self).model_fields}}


class Flip(Augmentation):
    """Mirrors an image with probability 1/2, along each of its axes independently for `both`."""

    kind, short = "flip", "axis"
    axis: Literal["horizontal", "vertical", "both"] = Field("horizontal", description="left-right, up-down, or both")


class Translate(Augmentation):
    """Moves an image by whole pixels, uniformly up to a share of its size, at least up to one pixel."""

    kind, short = "translate", "by"
    by: PartOfOne = Field(0.1, description="largest move, as a share of height and width")
    fill: Fill = Field(0, description=_FILL)


class Crop(Augmentation):
    """Pads an image on every side and cuts its size out anywhere (He et al. 2016, section 4.2: 4 pixels)."""

    kind, short = "crop", "padding"
    padding: Annotated[int, Field(ge=1)] = Field(4, description="pixels on every side")
    fill: Fill = Field(0, description=_FILL)


class RandomResizedCrop(Augmentation):
    """Cuts a window of the original image and brings it to the input's size (Szegedy et al. 2015, section 6).

    Its aspect ratio is log-uniform. It replaces the resizing of the recipe and so comes before all others.
    """

    kind, short = "random_resized_crop", "scale"
    scale: Shares = Field((0.08, 1.0), description="area of the window, as shares of the image's: [lowest, highest]")
    ratio: Range = Field((3 / 4, 4 / 3), description="width over height of the window: [lowest, highest]")


class ScaleJitter(Augmentation):
    """Zooms an image by a uniform factor and places it anywhere in the same size: cut above 1, filled below."""

    kind, short = "scale_jitter", "factor"
    factor: Range = Field((0.8, 1.25), description="[lowest, highest] factor")
    fill: Fill = Field(0, description=_FILL)


class Rotate(Augmentation):
    """Turns an image about its centre, bilinearly."""

    kind, short = "rotate", "degrees"
    degrees: Annotated[float, Field(gt=0, le=180)] = Field(15.0, description="largest angle, either way")
    fill: Fill = Field(0, description=_FILL)


class Brightness(Augmentation):
    """Multiplies all pixels by a factor that is uniform in 1 - by to 1 + by."""

    kind, short = "brightness", "by"
    by: PartOfOne = Field(0.4, description="largest change of the factor")


class Contrast(Augmentation):
    """Moves pixels away from the image's mean grey by a factor that is uniform in 1 - by to 1 + by."""

    kind, short = "contrast", "by"
    by: PartOfOne = Field(0.4, description="largest change of the factor")


class Saturation(Augmentation):
    """Moves colours away from their grey by a factor that is uniform in 1 - by to 1 + by."""

    kind, short, colour = "saturation", "by", True
    by: PartOfOne = Field(0.4, description="largest change of the factor")


class Hue(Augmentation):
    """Turns the colour wheel by a uniform angle."""

    kind, short, colour = "hue", "by", True
    by: Annotated[float, Field(gt=0, le=0.5)] = Field(0.1, description="largest turn either way, of a whole turn")


class Lighting(Augmentation):
    """Shifts colours along the principal components of ImageNet's pixels (Krizhevsky et al. 2012, section 4.1)."""

    kind, short, colour = "lighting", "std", True
    std: Positive = Field(0.1, description="standard deviation of the share of each component")


class Grayscale(Augmentation):
    """Makes an image grey, in all its channels."""

    kind, short, colour = "grayscale", "probability", True
    probability: Probability = Field(0.1, description="share of images")


class Noise(Augmentation):
    """Adds Gaussian noise to every pixel and channel."""

    kind, short = "noise", "std"
    std: Positive = Field(5.0, description="standard deviation, of pixels 0 to 255")


class RandAugment(Augmentation):
    """Some of 14 operations on each image, chosen anew each time, all of one strength (Cubuk et al. 2020)."""

    kind = "randaugment"
    layers: Annotated[int, Field(ge=1)] = Field(2, description="operations on an image, N in the paper")
    magnitude: Annotated[float, Field(ge=0, le=30)] = Field(
        9.0, description="their strength, M in the paper; full at 10"
    )


class Mixup(Augmentation):
    """Blends two images and their targets (Zhang et al. 2018, equation 1)."""

    kind, short, mixes = "mixup", "alpha", True
    alpha: Positive = Field(0.2, description="the share of an image is drawn from Beta(alpha, alpha)")
    probability: Probability = Field(1.0, description="share of images that are mixed")


class CutMix(Augmentation):
    """Puts a window of another image in; targets are mixed as the areas are (Yun et al. 2019, equations 1 and 2)."""

    kind, short, mixes = "cutmix", "alpha", True
    alpha: Positive = Field(1.0, description="the area that is left is drawn from Beta(alpha, alpha)")
    probability: Probability = Field(1.0, description="share of images that are mixed")


class Erase(Augmentation):
    """Wipes a window out of an image (Zhong et al. 2020, algorithm 1); its pixels do not count in segmentation."""

    kind, short = "erase", "probability"
    probability: Probability = Field(0.5, description="share of images")
    area: Shares = Field((0.02, 0.4), description="of the window, as shares of the image's: [lowest, highest]")
    ratio: Range = Field((0.3, 10 / 3), description="height over width of the window: [lowest, highest]")
    fill: Annotated[Pixel | Literal["noise"], _pixel_or("noise")] = Field(
        "noise", description="a pixel value, or noise uniform in 0 to 255"
    )


KINDS: dict[str, type[Augmentation]] = {
    kind.kind: kind
    for kind in (
        Flip, Translate, Crop, RandomResizedCrop, ScaleJitter, Rotate, Brightness, Contrast, Saturation, Hue,
        Lighting, Grayscale, Noise, RandAugment, Mixup, CutMix, Erase,
    )
}  # fmt: skip
