"""Reading PyTorch weights: a .safetensors file, a file of torch.save, or a state dict in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from factory.errors import FactoryError, first_line

PICKLED = (".pth", ".pt", ".bin", ".ckpt", ".tar")
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_COUNTERS = "num_batches_tracked"


@dataclass(frozen=True)
class Checkpoint:
    """The entries of a state dict, those that only count steps left out.

    `ordered`: whether they come in the order in which the modules were registered. A .safetensors file sorts them by
    name, so that its order says nothing; nor does that of a state dict that was read from one.
    """

    source: str
    entries: dict[str, np.ndarray]
    ordered: bool


Source = str | Path | Mapping[str, Any] | Checkpoint


def read_checkpoint(source: Source) -> Checkpoint:
    """The entries in a file, or in a mapping from names to arrays or tensors, which is taken to be in order.

    Raises FactoryError for a file that is missing, damaged, or needs what is not installed.
    """
    if isinstance(source, Checkpoint):
        return source
    if isinstance(source, Mapping):
        return _checkpoint("the state dict", source, ordered=True)
    path = Path(source)
    if not path.is_file():
        raise FactoryError(f"{path}: there is no such file")
    if path.suffix == ".safetensors":
        return _checkpoint(str(path), _read_safetensors(path), ordered=False)
    if path.suffix in PICKLED:
        return _checkpoint(str(path), _read_pickled(path), ordered=True)
    raise FactoryError(f"{path}: expected a .safetensors file, or one of torch.save: {', '.join(PICKLED)}")


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise FactoryError(f"{path}: reading it needs safetensors: pip install safetensors") from error
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise FactoryError(f"{path}: cannot be read as safetensors: {first_line(error)}") from error
    except (KeyError, TypeError, AttributeError) as error:  # a type that NumPy has not
        raise FactoryError(f"{path}: holds numbers of a type that NumPy has not ({first_line(error)})") from error


def _read_pickled(path: Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError as error:
        raise FactoryError(
            f"{path}: reading it needs PyTorch: pip install torch, or write the weights where there is PyTorch with "
            "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')"
        ) from error
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling raises whatever the file made it stumble over
        raise FactoryError(f"{path}: cannot be read as weights alone: {first_line(error)}") from error
    for key in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping):
        raise FactoryError(f"{path}: expected a state dict, it holds a {type(loaded).__name__}")
    return loaded


def _checkpoint(source: str, entries: Mapping[str, Any], ordered: bool) -> Checkpoint:
    arrays = {name: _array(source, name, value) for name, value in entries.items() if not _is_counter(name)}
    if not arrays:
        raise FactoryError(f"{source}: there are no weights in it")
    if all(name.startswith("module.") for name in arrays):  # what torch.nn.DataParallel puts before every name
        arrays = {name.removeprefix("module."): array for name, array in arrays.items()}
    return Checkpoint(source, arrays, ordered and list(arrays) != sorted(arrays))


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == _COUNTERS


def _array(source: str, name: str, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a torch.Tensor, perhaps on a GPU, perhaps of a type that NumPy has not
        value = value.detach().cpu().float()
    array = np.asarray(value)
    if not (np.issubdtype(array.dtype, np.number) or array.dtype.name == "bfloat16") or array.dtype.kind == "c":
        raise FactoryError(f"{source}: {name}: expected numbers, received {array.dtype}")
    return array.astype("float32", copy=False)
