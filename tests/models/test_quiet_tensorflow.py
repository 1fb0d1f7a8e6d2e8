"""TensorFlow is imported without its log lines, and errors are never hidden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[2])


def process(script: str) -> subprocess.CompletedProcess:
    code = f"import sys, os; sys.path.insert(0, {ROOT!r})\nfrom factory.models.quiet import quiet_tensorflow\n{script}"
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env=environment)


def test_the_import_prints_nothing_and_errors_after_it_are_printed():
    done = process("quiet_tensorflow(); print('tensorflow' in sys.modules, 'keras' in sys.modules); 1 / 0")
    assert done.stdout == "True True\n"
    assert done.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in done.stderr


def test_the_module_itself_imports_no_tensorflow():
    done = process("print('tensorflow' in sys.modules)")
    assert done.stdout == "False\n"


FAKE = """
import importlib, types
def fake(name):
    if failing is not None:
        os.write(2, b'cudart_stub: not found\\n')
    if failing:
        raise ImportError('no library')
    return types.SimpleNamespace(config=types.SimpleNamespace(list_physical_devices=list))
importlib.import_module = fake
"""


def test_what_a_failing_import_printed_is_replayed():
    done = process(FAKE + "failing = True; quiet_tensorflow()")
    assert done.returncode == 1
    assert done.stderr.startswith("cudart_stub: not found\n")
    assert "ImportError: no library" in done.stderr


def test_what_a_successful_import_printed_is_dropped():
    done = process(FAKE + "failing = False; quiet_tensorflow(); print('after', file=sys.stderr)")
    assert done.stderr == "after\n"


def test_a_log_level_of_the_users_is_kept():
    level = "os.environ['TF_CPP_MIN_LOG_LEVEL']"
    done = process(FAKE + f"failing = False; {level} = '0'; quiet_tensorflow(); print({level})")
    assert done.stdout == "0\n"


def test_a_process_without_standard_error_imports_too():
    done = process(FAKE + "failing = None; os.close(2); quiet_tensorflow(); print('done')")
    assert done.stdout == "done\n"
