"""The PyTorch side of `benchmarks.torch_outputs`: builds networks, writes their weights and what they compute.

Runs in an environment with torch, torchvision, timm, pytorchcv and safetensors, without this package. Reads a job a
line from standard input, as JSON: {package, constructor, options, images, weights, logits, seed}. `images` is a .npy
file (n, h, w, c), already preprocessed; `weights` and `logits` are the files to write. Answers each with a line: done,
or what went wrong. {versions} asks for the versions of the libraries.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


def construct(package: str, constructor: str, options: dict[str, Any]) -> nn.Module:
    """A network by its name in the package, or by the place of its class, `module:Class`."""
    if ":" in constructor:
        module, _, name = constructor.partition(":")
        return getattr(import_module(module), name)(**options)
    if package == "torchvision":
        import torchvision

        return getattr(torchvision.models, constructor)(weights=None, **options)
    if package == "timm":
        import timm

        return timm.create_model(constructor, pretrained=False, **options)
    from pytorchcv.model_provider import get_model

    return get_model(constructor, pretrained=False, **options)


def perturb(model: nn.Module, images: torch.Tensor) -> None:
    """Gives every weight a part in the outputs: scales, offsets and biases, then statistics, moved by about a fifth.

    Each norm gets the statistics of what reaches it from norms that have theirs: otherwise deep networks, those with
    squeeze-and-excitation first, blow up whatever the statistics are off.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d)]
    for weight in model.parameters():
        if weight.numel() == max(weight.shape, default=0):  # (c), and scales of layers (c, 1, 1)
            weight.add_(0.2 * torch.randn_like(weight))
        elif not norms:  # without norms the signal fades away from the usual start
            nn.init.kaiming_normal_(weight)
    hooks = [norm.register_forward_pre_hook(_take_statistics) for norm in norms]
    model.eval()(images)
    for hook in hooks:
        hook.remove()


def _take_statistics(norm: nn.Module, inputs: tuple[torch.Tensor]) -> None:
    """Sets the statistics of a norm, before it runs, to those of its input, moved."""
    axes = [axis for axis in range(inputs[0].ndim) if axis != 1]
    mean, variance = inputs[0].mean(axes), inputs[0].var(axes)
    norm.running_mean.copy_(mean + 0.2 * torch.randn_like(mean) * variance.sqrt())
    norm.running_var.copy_(variance * torch.empty_like(variance).uniform_(0.8, 1.2))


@torch.no_grad()
def run(job: dict[str, Any]) -> str:
    torch.manual_seed(job["seed"])
    images = torch.from_numpy(np.load(job["images"]).transpose(0, 3, 1, 2).copy())
    model = construct(job["package"], job["constructor"], job["options"])
    perturb(model, images.flip(3))
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    if job["weights"].endswith(".safetensors"):
        save_file(weights, job["weights"])
    else:
        torch.save(weights, job["weights"])
    logits = model(images)
    if isinstance(logits, dict):  # torchvision's segmentation networks
        logits = logits["out"]
    np.save(job["logits"], np.moveaxis(logits.numpy(), 1, -1))
    return "done"


def versions() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "timm", "pytorchcv"))


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            job = json.loads(line)
            print(versions() if "versions" in job else run(job), flush=True)
        except Exception as error:  # one network less, not the end of all
            print(f"{type(error).__name__}: {error}".partition("\n")[0], flush=True)
