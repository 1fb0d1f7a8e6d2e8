"""Saved models: all or nothing, readable without this package, with spec and labels inside."""

from __future__ import annotations

import os
import zipfile

import keras
import numpy as np
import pytest
from graphs import GraphBuilder
from networks import stock_networks
from running import images, run

from factory.errors import FactoryError
from factory.graph import Graph, ops
from factory.models import save as module
from factory.models.archive import read_labels, read_spec_text
from factory.models.build import build_graph
from factory.models.load import load
from factory.models.save import save

SPEC, LABELS = "name: efficient\nabout: ä\n", ["cat", "dog with spaces"]
X = images((32, 32, 3))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_graph(small(), seed=0)


def small() -> Graph:
    builder = GraphBuilder((32, 32, 3))
    builder.add(ops.InputNorm((0.1, 0.2, 0.3), (1.0, 1.5, 2.0)))
    builder.add(ops.Conv(4, (3, 3), (2, 2)), name="stem")
    builder.add(ops.BatchNorm())
    builder.add(ops.MaxPool((3, 3), (2, 2), ((1, 1), (1, 1))))  # a layer of our own
    builder.add(ops.GlobalPool("mean"))
    builder.add(ops.Dense(2))
    return builder.graph()


def files(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_both_formats_give_the_models_outputs(model, tmp_path):
    written = save(model, tmp_path, "net")
    assert written == [tmp_path / "net.keras", tmp_path / "net"]
    assert sorted(os.listdir(tmp_path)) == ["net", "net.keras"]
    for path in written:
        loaded = load(path)
        np.testing.assert_allclose(loaded(X), model(X), atol=1e-6)
        assert loaded.input_shape == (32, 32, 3)
        assert (loaded.spec_text, loaded.labels) == (None, None)


def test_spec_and_labels_travel_inside(model, tmp_path):
    for path in save(model, tmp_path, "net", spec_text=SPEC, labels=LABELS):
        assert read_spec_text(path) == SPEC
        assert read_labels(path) == LABELS
        assert load(path).labels == LABELS
    assert "factory/spec.yaml" in zipfile.ZipFile(tmp_path / "net.keras").namelist()
    assert (tmp_path / "net" / "assets.extra" / "labels.txt").read_text() == "cat\ndog with spaces\n"


def test_a_saved_model_loads_without_keras_and_without_this_package(model, tmp_path):
    save(model, tmp_path, "net", ["saved_model"], spec_text=SPEC)
    np.save(tmp_path / "x.npy", X)
    script = f"""
del sys.path[:2]
sys.modules["keras"] = sys.modules["factory"] = None  # importing either is an error from here on
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load({str(tmp_path / "net")!r})
np.save({str(tmp_path / "y.npy")!r}, loaded.serve(np.load({str(tmp_path / "x.npy")!r})))
"""
    run(script)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model(X), atol=1e-6)


def test_stock_networks_load_in_plain_keras(tmp_path):
    expected = {}
    for graph in stock_networks():
        made = build_graph(graph, seed=0)
        save(made, tmp_path, graph.name, ["keras"], spec_text=SPEC)
        expected[graph.name] = np.asarray(made(X))
    np.save(tmp_path / "x.npy", X)
    script = f"""
import numpy as np, keras, glob
for path in glob.glob({str(tmp_path)!r} + "/*.keras"):
    np.save(path + ".npy", keras.saving.load_model(path)(np.load({str(tmp_path / "x.npy")!r})))
assert not [name for name in sys.modules if name.partition(".")[0] == "factory"]
"""
    run(script)
    for name, values in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.keras.npy"), values, atol=1e-6)


@pytest.mark.parametrize("failure", [RuntimeError("disk"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["embed", "_replace"])
def test_a_failing_save_leaves_earlier_files_as_they_were(model, tmp_path, monkeypatch, failure, where):
    save(model, tmp_path, "net", spec_text="old")
    before = files(tmp_path)
    monkeypatch.setattr(module, where, lambda *_: (_ for _ in ()).throw(failure))
    with pytest.raises(type(failure)):
        save(build_graph(small(), seed=1), tmp_path, "net", spec_text="new")
    assert files(tmp_path) == before


def test_a_failure_between_the_two_renames_brings_the_old_directory_back(model, tmp_path, monkeypatch):
    save(model, tmp_path, "net", ["saved_model"], spec_text="old")
    before = files(tmp_path)
    replace = os.replace

    def failing(source, target):
        if str(source).endswith("net") and "old-" not in str(target) and "old-" not in str(source):
            raise OSError("no space left")
        replace(source, target)

    monkeypatch.setattr(module.os, "replace", failing)
    with pytest.raises(FactoryError, match=r"cannot save net in .*: no space left"):
        save(model, tmp_path, "net", ["saved_model"], spec_text="new")
    assert files(tmp_path) == before


def test_saving_again_replaces_both(model, tmp_path):
    save(model, tmp_path, "net", spec_text="old")
    other = build_graph(small(), seed=1)
    for path in save(other, tmp_path, "net", spec_text="new"):
        assert read_spec_text(path) == "new"
        np.testing.assert_allclose(load(path)(X), other(X), atol=1e-6)
    assert sorted(os.listdir(tmp_path)) == ["net", "net.keras"]


def test_several_outputs_are_a_list_in_both_formats(tmp_path):
    image = keras.Input((4,))
    two = keras.Model(image, [keras.layers.Dense(2, name="b")(image), keras.layers.Dense(3, name="a")(image)])
    x = np.ones((2, 4), "float32")
    for path in save(two, tmp_path, "two"):
        for ours, theirs in zip(load(path)(x), two(x), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_free_sizes_stay_free(tmp_path):
    image = keras.Input((None, None, 3))
    free = keras.Model(image, keras.layers.GlobalAveragePooling2D()(image))
    for path in save(free, tmp_path, "free"):
        loaded = load(path)
        assert loaded.input_shape == (None, None, 3)
        assert loaded(np.ones((2, 5, 7, 3))).shape == (2, 3)


def test_names_and_formats_are_checked_before_anything_is_written(model, tmp_path):
    with pytest.raises(FactoryError, match="unknown format 'kera': did you mean 'keras'"):
        save(model, tmp_path / "new", "net", ["kera"])
    with pytest.raises(FactoryError, match="leave out folders"):
        save(model, tmp_path / "new", "a/b")
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made_is_an_error(model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FactoryError, match="cannot save net in"):
        save(model, tmp_path / "file" / "below", "net")


def test_missing_foreign_and_damaged_files_are_told(model, tmp_path):
    with pytest.raises(FactoryError, match="no such file"):
        load(tmp_path / "absent.keras")
    with pytest.raises(FactoryError, match="has no saved_model"):
        load(tmp_path)
    (tmp_path / "text.keras").write_text("not a zip")
    with pytest.raises(FactoryError, match="neither, or damaged"):
        load(tmp_path / "text.keras")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(FactoryError, match="cannot be loaded as a model"):
        load(tmp_path / "other.keras")
    [path] = save(model, tmp_path, "cut", ["saved_model"])
    (path / "saved_model.pb").write_bytes((path / "saved_model.pb").read_bytes()[:1000])
    with pytest.raises(FactoryError, match="cut: cannot be loaded as a model"):
        load(path)


def test_reading_a_spec_needs_neither_tensorflow_nor_keras(model, tmp_path):
    [path] = save(model, tmp_path, "net", ["keras"], spec_text=SPEC)
    script = f"""
from factory.models.archive import read_spec_text
print(read_spec_text({str(path)!r}).splitlines()[0])
assert not [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]
"""
    assert run(script) == "name: efficient\n"
