"""Tables and outputs of docs/sweeps.md, from the program; `python tests/docs/sweep_tables.py` writes them anew."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from pydantic.fields import FieldInfo
from recipe_tables import _default, _values

import tuner
from examples import examples
from factory.blocks.values import Section
from factory.cli.main import main as factory
from factory.spec.writing import flow
from tuner.algorithms import ALGORITHMS
from tuner.candidates.costs import QUANTITIES
from tuner.store import Store, TrialRecord
from tuner.sweep import entries, sections

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sweeps.md"
FILE = "half_as_much.yaml"
_TABLE = re.compile(r"(<!--table (\w+)-->\n)(?:\|.*\n)*")
_OUTPUT = re.compile(r"(<!-- output: (.*?) -->\n```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def page() -> str:
    """The page as it should be: its own text, with tables and outputs as the program has them."""
    text = _TABLE.sub(lambda found: found[1] + table(found[2]), PAGE.read_text(encoding="utf-8"))
    return _OUTPUT.sub(lambda found: found[1] + OUTPUTS[found[2]](), text)


# ---- tables


def table(name: str) -> str:
    if name == "costs":
        rows = [f"| `{cost}` | {meaning} |\n" for cost, meaning in QUANTITIES.items()]
        return "| cost | what it counts |\n|---|---|\n" + "".join(rows)
    if name == "algorithms":
        rows = [f"| [`{one}`](algorithms/{one}.md) | {_first_words(one)} |\n" for one in ALGORITHMS]
        return "| name | what it does |\n|---|---|\n" + "".join(rows)
    if name == "entries":
        rows = [_entry(kind, section) for kind, section in entries.KINDS.items()]
        common = _fields(entries.Entry)
        return "| entry | fields | meaning |\n|---|---|---|\n" + "".join(rows) + f"| all | {common} | |\n"
    return _section(getattr(sections, name))


def _section(section: type[Section]) -> str:
    schema = section.model_json_schema()["properties"]
    rows = [
        f"| `{name}` | {_values(schema[name])} | {_shown_default(field)} | {field.description} |\n"
        for name, field in section.model_fields.items()
    ]
    return "| field | values | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _shown_default(field: FieldInfo) -> str:
    """A default; of a section that is not as its own defaults are, what it says."""
    default = field.default
    if isinstance(default, Section) and (given := default.model_dump(exclude_defaults=True)):
        return f"`{flow(given)}`"
    return _default(field)


def _entry(kind: str, section: type[Section]) -> str:
    return f"| `{kind}` | {_fields(section, leave_out=('when',))} | {(section.__doc__ or '').strip()} |\n"


def _fields(section: type[Section], leave_out: tuple[str, ...] = ()) -> str:
    return "<br>".join(
        f"`{name}` ({_shown_default(field)}): {field.description}"
        for name, field in section.model_fields.items()
        if name not in leave_out
    )


def _first_words(algorithm: str) -> str:
    """The first paragraph of an algorithm's page, without its links: they lead from another folder."""
    path = PAGE.parent / "algorithms" / f"{algorithm}.md"
    paragraph = path.read_text(encoding="utf-8").split("\n\n")[0].partition("\n")[2]
    return re.sub(r"\[(.*?)\]\(.*?\)", r"\1", " ".join(paragraph.split()))


# ---- outputs


def _dry_run() -> str:
    with _folder(), mock.patch("os.cpu_count", return_value=2):
        return _printed("sweep", FILE, "--dry-run")


def _another_seed() -> str:
    with _folder():
        sweep = tuner.load(FILE)
        with Store.create_or_open(Path("runs/sweep-half_as_much"), sweep.identity(), sweep.text) as store:
            store.add(TrialRecord(0, {}))
        path = Path(FILE)
        path.write_text(path.read_text(encoding="utf-8").replace("seed: 0", "seed: 1"), encoding="utf-8")
        return _printed("sweep", FILE)


OUTPUTS: dict[str, Callable[[], str]] = {"dry run": _dry_run, "another seed": _another_seed}


def _printed(*words: str) -> str:
    """The command and what it prints, mistakes too."""
    written = io.StringIO()
    with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
        factory(words)
    return f"$ factory {' '.join(words)}\n{written.getvalue()}"


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    """A folder with the files of the page, as the working directory."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name))
        os.chdir(name)
        try:
            yield
        finally:
            os.chdir(before)


def write_files(folder: Path) -> None:
    """The files that the page gives names to."""
    for example in examples("sweeps.md"):
        if example.what == "file":
            (folder / example.argument).write_text(example.text, encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
