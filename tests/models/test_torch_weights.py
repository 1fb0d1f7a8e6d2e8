"""PyTorch weights in our models: small networks of torchvision, timm and pytorchcv, and everything that is refused.

The fixtures in torch_weights/ come from `python -m benchmarks.torch_outputs --fixtures`; no test needs PyTorch.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import factory
from factory.errors import FactoryError
from factory.models.compare import compare_outputs, logits, random_images

FOLDER = Path(__file__).with_name("torch_weights")
CASES = json.loads((FOLDER / "cases.json").read_text())

Entries = dict[str, np.ndarray]


def case_model(case: str) -> keras.Model:
    return factory.build(factory.load(CASES[case]["spec"], **CASES[case]["changes"]))


def entries_of(case: str) -> Entries:
    return load_file(FOLDER / f"{case}.safetensors")


def difference(case: str, model: keras.Model):
    images = random_images(model)
    return compare_outputs(logits(model, images), [np.array(CASES[case]["logits"])], images, tolerance=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_outputs_are_those_of_the_pytorch_network(case: str):
    model = case_model(case)
    assert not difference(case, model).ok
    report = factory.import_weights(model, FOLDER / f"{case}.safetensors")
    assert report.values == model.count_params()
    found = difference(case, model)
    assert found.ok, found


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_entries_does_not_matter_where_names_tell(case: str):
    model = case_model(case)
    entries = entries_of(case)
    names = list(np.random.default_rng(0).permutation(list(entries)))
    factory.import_weights(model, {f"module.{name}": entries[name] for name in names})
    assert difference(case, model).ok


@pytest.mark.parametrize(
    ("case", "first", "second"),
    [
        ("resnet_cifar", "features.stage1.unit1.body.conv1.conv", "features.stage1.unit1.body.conv2.conv"),
        ("res2net", "layer2.1.convs.0", "layer2.1.convs.2"),
        ("shufflenet_v2", "stage2.0.branch1.2", "stage2.0.branch2.0"),
        ("shufflenet_v2", "stage2.1.branch2.0", "stage2.1.branch2.5"),
    ],
)
def test_swapped_kernels_of_one_shape_change_the_outputs(case: str, first: str, second: str):
    model, entries = case_model(case), entries_of(case)
    a, b = f"{first}.weight", f"{second}.weight"
    assert entries[a].shape == entries[b].shape
    factory.import_weights(model, {**entries, a: entries[b], b: entries[a]})
    assert not difference(case, model).ok


def refused(model: keras.Model, source) -> str:
    """The message for weights that are refused; the model is as it was."""
    before = model.get_weights()
    with pytest.raises(FactoryError) as raised:
        factory.import_weights(model, source)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    return str(raised.value)


@pytest.fixture(scope="module")
def resnet() -> keras.Model:
    return case_model("resnet_cifar")


def test_a_missing_module_is_named_by_the_layer_that_wants_it(resnet: keras.Model):
    entries = entries_of("resnet_cifar")
    del entries["features.stage2.unit2.body.conv1.conv.weight"]
    assert refused(resnet, entries) == (
        "the weights in the state dict do not fit resnet20_cifar\n"
        "missing, wanted by these layers:\n"
        "    conv3.1.conv1 (convolution: weight 8x8x3x3)"
    )


def test_a_missing_entry_is_told_from_a_missing_module(resnet: keras.Model):
    entries = entries_of("resnet_cifar")
    del entries["output.bias"]
    assert refused(resnet, entries).splitlines()[1:] == [
        "of other entries or shapes:",
        "    head.dense (linear: weight 5x16, bias 5): the file has output (linear: weight 5x16)",
    ]


def test_a_spare_module_is_named(resnet: keras.Model):
    entries = entries_of("resnet_cifar") | {"extra.weight": np.zeros((7, 7, 3, 3), "float32")}
    assert refused(resnet, entries).splitlines()[1:] == [
        "spare, wanted by no layer:",
        "    extra (convolution: weight 7x7x3x3)",
    ]


def test_a_wrong_shape_is_shown_beside_the_right_one(resnet: keras.Model):
    entries = entries_of("resnet_cifar")
    name = "features.stage1.unit2.body.conv2.conv.weight"
    entries[name] = entries[name][:, :, :1, :]
    [line] = refused(resnet, entries).splitlines()[2:]
    assert line == (
        "    conv2.1.conv2 (convolution: weight 4x4x3x3): "
        "the file has features.stage1.unit2.body.conv2.conv (convolution: weight 4x4x1x3)"
    )


def test_other_classes_come_with_a_hint():
    model = factory.build(factory.load("resnet20_cifar", **{**CASES["resnet_cifar"]["changes"], "classes": 3}))
    message = refused(model, entries_of("resnet_cifar"))
    assert "the file is for 5 classes, the model for 3; perhaps --set classes=5" in message


def test_batch_norm_with_scale_on_one_side_comes_with_a_hint():
    changes = {**CASES["resnet_cifar"]["changes"], "conventions.norm.scale": False}
    message = refused(factory.build(factory.load("resnet20_cifar", **changes)), entries_of("resnet_cifar"))
    assert "perhaps --set conventions.norm.scale=true" in message
    assert "conv1.norm (batch norm without scale: 4 channels)" in message


def test_auxiliary_heads_and_counters_are_left_out(resnet: keras.Model):
    entries = entries_of("resnet_cifar")
    entries |= {"aux1.fc1.weight": np.zeros((5, 9)), "bn.num_batches_tracked": np.zeros((), "int64")}
    factory.import_weights(resnet, entries)


def model_of(*stages: str, shape: str = "[4, 5]", head: str = "head: {block: classifier}") -> keras.Model:
    """A small network of these stages, without norms."""
    text = {"name": "small", "input": f"{{resolution: {shape}, channels: 6}}", "classes": "2"}
    lines = [*(f"{key}: {value}" for key, value in text.items())]
    lines += ["conventions: {norm: none, activation: relu}", "stages:", *(f"  {stage}" for stage in (*stages, head))]
    from factory.spec.document import compile_spec
    from factory.spec.reading import read_text

    return factory.build(compile_spec(read_text("\n".join(lines), "small.yaml"), "small.yaml"))


CONV = "{block: conv, filters: 6, kernel: 3}"
RNG = np.random.default_rng(0)


def conv(*names: str, shape: tuple[int, ...] = (6, 6, 3, 3)) -> Entries:
    """Convolutions of one shape, or linear layers, with biases."""
    return {
        f"{name}.{entry}": RNG.normal(size=size).astype("float32")
        for name in names
        for entry, size in (("weight", shape), ("bias", shape[:1]))
    }


def head(name: str = "fc") -> Entries:
    return conv(name, shape=(2, 6))


def kernel(model: keras.Model, layer: str) -> np.ndarray:
    return model.get_layer(layer).get_weights()[0].transpose(3, 2, 0, 1)


def test_numbers_in_names_decide_not_the_place_in_the_file():
    model = model_of(f"a: {CONV}", f"b: {CONV}")
    entries = {**head(), **conv("conv10"), **conv("conv9")}
    factory.import_weights(model, entries)
    assert np.array_equal(kernel(model, "a"), entries["conv9.weight"])
    assert np.array_equal(kernel(model, "b"), entries["conv10.weight"])


def test_names_that_say_nothing_are_refused_where_the_file_has_no_order(tmp_path: Path):
    model = model_of(f"a: {CONV}", f"b: {CONV}")
    entries = {**conv("second", "first"), **head()}
    save_file(entries, tmp_path / "named.safetensors")
    message = refused(model, tmp_path / "named.safetensors")
    assert "there is no telling which of two belongs where: neither the names nor the file say" in message
    assert "    in the file: first (convolution: weight 6x6x3x3, bias 6)" in message
    assert "    in small: a (convolution: weight 6x6x3x3, bias 6)" in message
    assert "no telling" in refused(model, dict(sorted(entries.items())))  # as it is read from such a file
    factory.import_weights(model, entries)  # a state dict in memory is in the order of registration
    assert np.array_equal(kernel(model, "a"), entries["second.weight"])


def test_branches_of_a_sum_are_refused():
    branches = f"sum: {{block: branches, merge: add, branches: [{CONV}, {CONV}]}}"
    message = refused(model_of(branches), {**conv("branch1", "branch2"), **head()})
    assert "they run side by side into sum" in message


def test_branches_of_a_concatenation_go_by_its_order():
    branches = f"cat: {{block: branches, branches: {{x: {CONV}, y: {CONV}}}}}"
    model = model_of(branches)
    entries = {**conv("branch2", "branch1"), **conv("fc", shape=(2, 12))}
    factory.import_weights(model, entries)
    assert np.array_equal(kernel(model, "cat.x"), entries["branch1.weight"])


def test_a_shortcut_is_known_by_its_name_and_by_the_wiring():
    body = "{block: conv, filters: 6, kernel: 1}"
    residual = f"r: {{block: residual, shortcut: projection, body: [{body}, {body}]}}"
    model = model_of(residual)
    names = ("layer1.0.conv1", "layer1.0.conv2", "layer1.0.downsample")
    entries = {**conv(*names, shape=(6, 6, 1, 1)), **head()}
    factory.import_weights(model, entries)
    assert np.array_equal(kernel(model, "r.shortcut"), entries["layer1.0.downsample.weight"])
    renamed = {name.replace("downsample", "conv3"): array for name, array in entries.items()}
    message = refused(model, renamed)
    assert "other modules than layers run on the shortcuts of residual blocks" in message
    assert "    r.shortcut (linear: weight 6x6, bias 6), by the wiring a shortcut" in message


def test_names_that_contradict_the_wiring_are_refused():
    model = model_of(f"a: {CONV}", "b: {block: conv, filters: 6, kernel: 1}")
    message = refused(model, {**conv("conv1", shape=(6, 6, 1, 1)), **conv("conv2"), **head()})
    assert "by their shapes these belong together, but then they are in another order" in message
    assert "    conv2 (convolution: weight 6x6x3x3, bias 6) -> a" in message


@pytest.mark.parametrize("shape", [(2, 6 * 4 * 5), (2, 6, 4, 5)], ids=["linear", "convolution"])
def test_a_flattened_image_is_read_in_pytorchs_order(shape: tuple[int, ...]):
    model = model_of(head="head: {block: sequence, body: [{block: flatten}, {block: dense, units: 2}]}")
    entries = conv("fc", shape=shape)
    factory.import_weights(model, entries)
    images = RNG.normal(size=(3, 4, 5, 6)).astype("float32")
    expected = images.transpose(0, 3, 1, 2).reshape(3, -1) @ entries["fc.weight"].reshape(2, -1).T + entries["fc.bias"]
    np.testing.assert_allclose(model.predict_on_batch(images), expected, rtol=1e-4, atol=1e-4)


def test_layouts_of_depthwise_grouped_and_transposed_convolutions():
    stages = (
        "dw: {block: depthwise_conv, kernel: [3, 5], multiplier: 2}",
        "gr: {block: conv, filters: 8, kernel: 3, groups: 4}",
        "up: {block: conv_transpose, filters: 3, kernel: [2, 4], stride: 2}",
        "act: {block: activation, kind: prelu}",
    )
    model = model_of(*stages)
    shapes = {"a": (12, 1, 3, 5), "b": (8, 3, 3, 3)}
    entries: Entries = {}
    for name, shape in shapes.items():
        entries |= conv(name, shape=shape)
    entries |= {"c.weight": RNG.normal(size=(8, 3, 2, 4)).astype("float32"), "c.bias": np.ones(3, "float32")}
    entries |= {"d.weight": np.full(3, 0.5, "float32"), **conv("fc", shape=(2, 3))}
    factory.import_weights(model, entries)
    depthwise = model.get_layer("dw").get_weights()[0]
    assert depthwise[1, 4, 5, 1] == entries["a.weight"][11, 0, 1, 4]
    assert model.get_layer("gr").get_weights()[0][2, 0, 1, 7] == entries["b.weight"][7, 1, 2, 0]
    assert model.get_layer("up").get_weights()[0][1, 3, 2, 6] == entries["c.weight"][6, 2, 1, 3]


def test_files_that_are_none(tmp_path: Path, resnet: keras.Model):
    assert refused(resnet, tmp_path / "no.safetensors").endswith("no.safetensors: there is no such file")
    (tmp_path / "bad.safetensors").write_text("not one")
    assert "bad.safetensors: cannot be read as safetensors: " in refused(resnet, tmp_path / "bad.safetensors")
    (tmp_path / "weights.npz").write_text("")
    assert "expected a .safetensors file, or one of torch.save" in refused(resnet, tmp_path / "weights.npz")
    assert refused(resnet, {}) == "the state dict: there are no weights in it"
    assert "name: expected numbers, received <U4" in refused(resnet, {"name": "text"})


def test_a_pickled_file_asks_for_pytorch(tmp_path: Path, resnet: keras.Model, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "weights.pth").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "torch", None)
    message = refused(resnet, tmp_path / "weights.pth")
    assert "reading it needs PyTorch: pip install torch, or write the weights where there is PyTorch" in message


def test_a_pickled_file_is_loaded_as_weights_alone(
    tmp_path: Path, resnet: keras.Model, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "weights.pth").write_bytes(b"")

    def load(path: Path, *, map_location: str, weights_only: bool) -> dict[str, Entries]:
        assert weights_only and map_location == "cpu"
        return {"state_dict": entries_of("resnet_cifar")}

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(load=load))
    factory.import_weights(resnet, tmp_path / "weights.pth")
    assert difference("resnet_cifar", resnet).ok

    def fail(path: Path, **options: object) -> None:
        raise RuntimeError("Weights only load failed\nand more")

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(load=fail))
    message = refused(resnet, tmp_path / "weights.pth")
    assert message.endswith("weights.pth: cannot be read as weights alone: Weights only load failed")
