"""Importing TensorFlow and Keras without the log lines that their C++ code prints while it starts."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def quiet_tensorflow() -> None:
    """Imports TensorFlow and Keras silently.

    What is printed meanwhile is dropped when the import succeeds, and printed when it fails. A log level that the user
    has set in TF_CPP_MIN_LOG_LEVEL is kept; errors of TensorFlow after the import are always printed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "tensorflow" in sys.modules and "keras" in sys.modules:
        return
    with _captured_stderr():
        tensorflow = importlib.import_module("tensorflow")
        importlib.import_module("keras")
        tensorflow.config.list_physical_devices()  # the search for GPUs is as talkative as the import


@contextmanager
def _captured_stderr() -> Iterator[None]:
    """Sends file descriptor 2 to a temporary file, since C++ knows nothing of sys.stderr.

    An exception replays what was captured, Ctrl-C does not.
    """
    try:
        original = os.dup(2)
    except OSError:  # a process started without a standard error has nothing to silence
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), 2)
        failed = False
        try:
            yield
        except Exception:
            failed = True
            raise
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            if failed:
                captured.seek(0)
                with os.fdopen(original, "wb", closefd=False) as stderr:
                    shutil.copyfileobj(captured, stderr)
            os.close(original)
