"""The evaluator: measures of padded batches, views, one trace, replicas."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from evaluated import CLASSES, Batch, batches, evaluator, expected, samples, spec

from factory.errors import FactoryError
from factory.models.build import build
from factory.models.compare import perturb
from factory.models.devices import make_strategy
from factory.train.dense import dense_model
from factory.train.ensemble import Ensemble
from factory.train.evaluate import Evaluator
from factory.train.losses import make_loss
from factory.train.measures import ClassMeasures, make_measures
from factory.train.recipe.sections import Evaluation, Loss

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    made = build(spec(), seed=0)
    perturb(made)
    return made


def test_measures_are_those_of_the_samples_without_padding(model: keras.Model):
    images, targets = samples()
    found = evaluator(model).evaluate(batches(images, targets))
    assert found == pytest.approx(expected(model(images), targets), rel=1e-5)
    assert 0 < found["accuracy"] < 1


def test_outputs_are_in_order_and_without_padding(model: keras.Model):
    images, targets = samples()
    outputs = evaluator(model).outputs(batches(images, targets))
    np.testing.assert_allclose(outputs, model(images), rtol=1e-5)


def test_steps_give_every_batch_and_the_results_afterwards(model: keras.Model):
    images, targets = samples()
    tested = evaluator(model)
    steps = list(tested.steps(batches(images, targets)))
    assert [step.weights.tolist() for step in steps] == [[1] * 4, [1] * 4, [1, 1, 0, 0]]
    assert np.concatenate([step.targets for step in steps])[:10].tolist() == targets.tolist()
    assert tested.results() == pytest.approx(expected(model(images), targets), rel=1e-5)


@pytest.mark.parametrize(
    "evaluation",
    [Evaluation(flip=True), Evaluation(crops=5, scale=1.5), Evaluation(crops=10, scale=1.5), Evaluation(scale=1.5)],
    ids=str,
)
def test_views_are_averaged(model: keras.Model, evaluation: Evaluation):
    size = round(8 * evaluation.scale)
    images, targets = samples(size=size)
    rest = size - 8
    places = [(rest // 2, rest // 2), (0, 0), (0, rest), (rest, 0), (rest, rest)][: 5 if evaluation.crops > 1 else 1]
    views = [images[:, top : top + 8, left : left + 8] for top, left in places]
    if evaluation.flip or evaluation.crops == 10:
        views += [view[:, :, ::-1] for view in views]
    chances = np.mean([model(view) for view in views], axis=0)
    found = evaluator(model, evaluation).evaluate(batches(images, targets))
    assert found == pytest.approx(expected(chances, targets), rel=1e-5)


def test_dense_runs_the_network_over_the_whole_image_with_its_weights_of_the_moment(model: keras.Model):
    tested = build(spec(), seed=1)
    evaluation = Evaluation(dense=True, scale=1.5, flip=True)
    dense = evaluator(tested, evaluation, spec=spec())
    tested.set_weights(model.get_weights())
    images, targets = samples(size=12)
    whole = dense_model(model, spec(), (12, 12))
    chances = (np.asarray(whole(images)) + np.asarray(whole(images[:, :, ::-1]))) / 2
    np.testing.assert_allclose(dense.outputs(batches(images, targets)), chances, rtol=1e-4)
    assert dense.results() == pytest.approx(expected(chances, targets), rel=1e-4)


def test_dense_needs_the_spec(model: keras.Model):
    with pytest.raises(FactoryError, match=r"dense builds the network anew .* its spec is needed"):
        evaluator(model, Evaluation(dense=True, scale=1.5))


def test_views_that_do_not_fit_the_network_are_refused(model: keras.Model):
    with pytest.raises(FactoryError, match="crops: 5 need images larger"):
        evaluator(model, Evaluation(crops=5))
    pixels = build(spec(flatten={"block": "conv", "filters": 4}, head={"block": "softmax"}))
    with pytest.raises(FactoryError, match="this network predicts every pixel"):
        evaluator(pixels, Evaluation(scale=1.5))


def test_it_is_traced_once_and_sees_the_weights_of_the_moment():
    traces = []

    class Counting(ClassMeasures):
        def sums(self, *given: Any) -> Any:
            traces.append(given)
            return super().sums(*given)

    tested = build(spec(), seed=0)
    images, targets = samples()
    made = Evaluator(tested, make_loss(Loss(), "classes", CLASSES), Counting(CLASSES), Evaluation(), (8, 8))
    before = made.evaluate(batches(images, targets))
    perturb(tested, seed=7)
    after = made.evaluate(batches(images, targets))
    assert len(traces) == 1 and before["loss"] != after["loss"]
    assert after == pytest.approx(expected(tested(images), targets), rel=1e-5)


def test_the_networks_own_output_counts_not_its_auxiliary_heads():
    stages: dict[str, Any] = {"stem": {"block": "conv", "filters": 6, "kernel": 3}, "aux": {"block": "classifier"}}
    heads = {"name": "net", "input": {"resolution": 8}, "classes": 4, "auxiliary": ["aux"]}
    model = build(
        heads | {"stages": stages | {"head": {"block": "classifier", "from": "stem"}}}, auxiliary=True, seed=0
    )
    assert len(model.outputs) == 2
    perturb(model)
    images, targets = samples()
    found = evaluator(model).outputs(batches(images, targets))
    own, other = model(images)
    np.testing.assert_allclose(found, own, rtol=1e-5)
    assert np.abs(np.asarray(own) - other).max() > 1e-3


def test_extreme_logits_have_a_finite_loss():
    model = build(spec(head={"block": "dense", "units": 4, "activation": "softmax"}), seed=0)
    model.get_layer("head").kernel.assign(1000 * model.get_layer("head").kernel.value)
    images, targets = samples()
    assert np.min(model(images)) == 0
    assert 100 < evaluator(model).evaluate(batches(images, targets))["loss"] < 1e5


def test_large_sums_keep_small_ones(model: keras.Model):
    images, targets = samples(1)
    heavy, light = [(tf.constant(images), tf.constant(targets), tf.constant([weight])) for weight in (2.0**25, 1.0)]
    tested = evaluator(model)
    list(tested.steps([heavy, *[light] * 3]))
    assert tested._sums["weight"].numpy() == 2**25 + 3


def test_tensorflows_options_are_left_as_they_were(model: keras.Model):
    before = tf.config.optimizer.get_experimental_options()
    made = batches(*samples())
    for tested in (evaluator(model).steps(made), Ensemble([evaluator(model), evaluator(model)]).steps([made, made])):
        next(tested)
        assert tf.config.optimizer.get_experimental_options() == before
        list(tested)
        assert tf.config.optimizer.get_experimental_options() == before


def test_nothing_to_evaluate_is_an_error(model: keras.Model):
    with pytest.raises(FactoryError, match="no samples to evaluate"):
        evaluator(model).evaluate([])


def test_images_of_another_size_are_refused(model: keras.Model):
    with pytest.raises(FactoryError, match="another size than expected: 12x12 and 8x8"):
        evaluator(model).evaluate(batches(*samples(size=12)))


def test_pixels_of_mirrored_images_are_averaged_where_they_lie():
    pixels = build(spec(flatten={"block": "conv", "filters": 4}, head={"block": "softmax"}), seed=0)
    perturb(pixels)
    images, _ = samples(4)
    targets = np.random.default_rng(0).integers(0, 4, (4, 4, 4)).astype("int32")
    loss, measures = make_loss(Loss(), "pixels", CLASSES), make_measures("pixels", CLASSES)
    tested = Evaluator(pixels, loss, measures, Evaluation(flip=True), (8, 8))
    chances = (np.asarray(pixels(images)) + np.asarray(pixels(images[:, :, ::-1]))[:, :, ::-1]) / 2
    np.testing.assert_allclose(tested.outputs(batches(images, targets)), chances, rtol=1e-5)
    assert tested.results()["accuracy"] == pytest.approx(np.mean(chances.argmax(axis=-1) == targets))


def test_one_replica_gives_the_same(model: keras.Model):
    images, targets = samples()
    strategy = make_strategy("mirrored", ["cpu:0"])
    assert strategy is not None
    with strategy.scope():
        mirrored = build(spec(), seed=1)
    mirrored.set_weights(model.get_weights())
    tested = evaluator(mirrored, strategy=strategy)
    found = tested.evaluate(dataset(images, targets))
    assert found == pytest.approx(expected(model(images), targets), rel=1e-5)
    np.testing.assert_allclose(tested.outputs(dataset(images, targets)), model(images), rtol=1e-5)


def dataset(images: np.ndarray, targets: np.ndarray) -> tf.data.Dataset:
    def each() -> Iterator[Batch]:
        yield from batches(images, targets)

    like = batches(images, targets)[0]
    return tf.data.Dataset.from_generator(each, output_signature=tuple(map(tf.TensorSpec.from_tensor, like)))


def test_two_replicas_share_the_batches():
    """In a process of its own: the devices of a process are made once."""
    script = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
import pytest
from evaluated import *
from test_evaluate import build, dataset, make_strategy
strategy = make_strategy("mirrored", ["cpu:0", "cpu:1"])
with strategy.scope():
    model = build(spec(), seed=0)
images, targets = samples()
tested = evaluator(model, strategy=strategy)
found = tested.evaluate(dataset(images, targets))
plain = build(spec(), seed=0)
assert found == pytest.approx(expected(plain(images), targets), rel=1e-5), found
np.testing.assert_allclose(tested.outputs(dataset(images, targets)), plain(images), rtol=1e-5)
print(strategy.num_replicas_in_sync)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2"]
