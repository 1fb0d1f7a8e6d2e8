"""Lowering of operations on height and width, and on the shape as a whole."""

from __future__ import annotations

from keras import KerasTensor, layers

from factory.graph.ops import Crop, CropLike, Flatten, Reshape, Resize, ResizeLike, ZeroPad, known
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
    old, new = site.shapes
    if len(site.users) > 1 or not (known(old) and known(new)):
        return site.layer(CropToMatch)([x, like])
    extra = [before - after for before, after in zip(old[:2], new[:2], strict=True)]  # type: ignore[operator]
    return site.layer(layers.Cropping2D, cropping=[(cut // 2, cut - cut // 2) for cut in extra])(x)


@lower.register
def _resize(op: Resize, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.UpSampling2D, size=op.factor, interpolation=op.method)(x)


@lower.register
def _resize_like(op: ResizeLike, site: Site, x: KerasTensor, like: KerasTensor) -> KerasTensor:
    new = site.shapes[1]
    if len(site.users) > 1 or not known(new):
        return site.layer(ResizeToMatch, method=op.method)([x, like])
    return site.layer(layers.Resizing, height=new[0], width=new[1], interpolation=op.method)(x)


@lower.register
def _flatten(op: Flatten, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Flatten)(x)


@lower.register
def _reshape(op: Reshape, site: Site, x: KerasTensor) -> KerasTensor:
    return site.layer(layers.Reshape, target_shape=op.shape)(x)
