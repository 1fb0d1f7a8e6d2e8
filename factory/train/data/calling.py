"""Python functions in a graph of TensorFlow, which keeps them as long as the process lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

Owner = TypeVar("Owner")


def loosely(function: Callable[..., Any], owner: Owner) -> Callable[..., Any]:
    """`function` of the owner and what else it is called with, for `tf.numpy_function`; does not keep the owner alive.

    The owner must live as long as the graph is used. A method would be kept for ever, and with it images in memory.
    """
    seen = weakref.ref(owner)
    return lambda *arguments: function(seen(), *arguments)
