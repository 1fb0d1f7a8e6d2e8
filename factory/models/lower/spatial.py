"""Lowering of operations on height and width, and on the shape as a whole."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import Crop, CropLike, Flatten, Reshape, Resize, ResizeLike, ResizeTo, ZeroPad
from factory.models.layers import CropToMatch, ResizeToMatch
from factory.models.lower.site import Site, lower


@lower.register
def _zero_pad(op: ZeroPad, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.ZeroPadding2D, padding=op.padding)(x)


@lower.register
def _crop(op: Crop, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Cropping2D, cropping=op.cropping)(x)


@lower.register
def _crop_like(op: CropLike, site: Site, x: KerasTensor, like: KerasTensor) -> KerasTensor:
    return site.layer(CropToMatch)([x, like])


@lower.register
def _resize(op: Resize, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.UpSampling2D, size=op.factor, interpolation=op.method)(x)


@lower.register
def _resize_like(op: ResizeLike, site: Site, x: KerasTensor, like: KerasTensor) -> KerasTensor:
    return site.layer(ResizeToMatch, method=op.method)([x, like])


@lower.register
def _resize_to(op: ResizeTo, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Resizing, height=op.size[0], width=op.size[1], interpolation=op.method)(x)


@lower.register
def _flatten(op: Flatten, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Flatten)(x)


@lower.register
def _reshape(op: Reshape, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Reshape, target_shape=op.shape)(x)
