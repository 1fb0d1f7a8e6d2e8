"""PyTorch weights into a Keras model, all or nothing."""

from __future__ import annotations

import math

import keras

from factory.errors import FactoryError
from factory.models.copy import CopyReport
from factory.models.structure import structure_of
from factory.models.torch.align import NotAligned, align
from factory.models.torch.checkpoint import Source, read_checkpoint
from factory.models.torch.families import family_of, is_auxiliary
from factory.models.torch.layout import as_ours
from factory.models.torch.modules import modules_of
from factory.models.torch.names import Names
from factory.models.torch.places import Places
from factory.models.torch.report import report


def import_weights(model: keras.Model, source: Source) -> CopyReport:
    """Gives a model the weights of a PyTorch network: a .safetensors file, a .pth file, or a state dict.

    Each PyTorch module goes to the layer of the same kind and shapes that stands at its place. The order of modules
    is read from their names as torchvision, timm and pytorchcv give them, and in a file of torch.save from the file;
    the order of layers from the wiring. Nothing is copied unless there is one module for every layer, one layer for
    every module (the auxiliary heads of a model that has none left out), and no doubt: otherwise FactoryError, with a
    report. Reading a .safetensors file needs the package safetensors, a .pth file PyTorch.
    """
    checkpoint = read_checkpoint(source)
    places = Places(structure_of(model))
    entries = checkpoint.entries
    if places.outputs == 1:
        entries = {name: array for name, array in entries.items() if not is_auxiliary(name)}
    modules = modules_of(entries)
    names = Names(family_of(list(entries)), modules, checkpoint.ordered)
    try:
        pairs = align(modules, places, names)
    except NotAligned as failure:
        raise FactoryError(report(failure, checkpoint.source, modules, places, names)) from None
    values = 0
    for module, place in pairs:
        for slot in place.slots:
            variable, _ = place.unit.weights[slot.name]
            array = as_ours(module.arrays[slot.entry], slot, place.unit.kind, place.flattened)
            variable.assign(array.reshape(variable.shape))
            values += math.prod(variable.shape)
    return CopyReport(
        checkpoint.source, model.name, tuple((module.name, place.name) for module, place in pairs), values
    )
