"""Joining a Ray cluster, with token authentication unless somebody has switched that off."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from factory.errors import FactoryError, first_line

AUTO = "auto"
_ADDRESS = re.compile(r"[\w.\-]+:\d+|\[[0-9a-fA-F:]+\]:\d+")
_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_gcs_server_port_wait_time_s": "3",  # for so long it is tried to reach the cluster
}
"""Ray's settings, where nobody has set others."""
TOKEN = (
    "    its token is looked for in RAY_AUTH_TOKEN, in the file RAY_AUTH_TOKEN_PATH, in ~/.ray/auth_token; "
    "`ray get-auth-token --generate`\n    makes one before a cluster starts; RAY_AUTH_MODE=disabled joins one without"
)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """This process is a part of the cluster at `address`, HOST:PORT or "auto" for the one that this machine is in.

    Authentication is by token, also where Ray's own default is none; RAY_AUTH_MODE=disabled in the environment joins a
    cluster without. Nothing is sent to Ray's makers. Raises FactoryError where Ray or the cluster is missing, or
    refuses.
    """
    if address != AUTO and not _ADDRESS.fullmatch(address):
        hint = "run the command on a machine of the cluster" if "://" in address else "ray start prints it"
        raise FactoryError(f"--cluster: expected {AUTO} or HOST:PORT, received {address}; {hint}")
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        from ray._private import worker
        from ray._raylet import Config  # type: ignore[attr-defined]
        from ray.exceptions import AuthenticationError, RayError
    except ImportError:
        raise FactoryError("a cluster needs Ray: pip install 'keras-model-factory[cluster]'") from None
    where = "on this machine" if address == AUTO else f"at {address}"
    Config.initialize("")  # Ray may have been imported before, and has read its settings then
    worker._worker_logs_enabled = False  # no option keeps what raylets publish out of our output
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except AuthenticationError as error:
        raise FactoryError(f"the Ray cluster {where} does not let us in: {error.message}\n{TOKEN}") from None
    except ConnectionError as error:
        if AuthenticationError.__name__ in str(error.__cause__):
            raise FactoryError(f"the Ray cluster {where} does not let us in: it has another token\n{TOKEN}") from None
        start = "`ray start --head` begins one, `ray start --address HOST:PORT` joins one"
        raise FactoryError(f"no Ray cluster is found {where}: {start}") from None
    except (RayError, RuntimeError, ValueError) as error:
        raise FactoryError(f"cannot join the Ray cluster {where}: {first_line(error)}") from None
    try:
        yield
    finally:
        ray.shutdown()
