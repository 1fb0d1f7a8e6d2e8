"""What a recipe asks of a run is what happens in it: phases, freezing, fine-tuning, stopping, resuming, failing."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from runs import RECIPE, SPEC
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import factory
from factory.errors import FactoryError
from factory.models.load import load
from factory.train.checkpoint import read_checkpoint
from factory.train.data.sources import open_data


class Listening:
    """A reporter that keeps every word."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.rows: list[dict[str, Any]] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def step(self, *where: Any) -> None:
        pass

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        self.rows.append(row)


def run(folder, listening=None, spec=SPEC, **recipe):
    recipe = {"recipe": "quick", "batch_size": 32, "epochs": 1, "data": {"samples": 100}, **recipe}
    return factory.fit(spec, "digits", recipe, folder / "run", reporter=listening or Listening())


def checkpoint(folder) -> dict[str, np.ndarray]:
    """The newest checkpoint's model weights by path."""
    best = read_checkpoint(folder / "run" / "checkpoints" / "best.npz")
    return best.arrays


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    listening = Listening()
    done = factory.fit(SPEC, "digits", {**RECIPE, "epochs": 2}, folder / "run", reporter=listening)
    return folder / "run", done, listening


def test_a_run_folder_says_everything_about_the_run(finished):
    folder, done, listening = finished
    names = {path.name for path in folder.iterdir()}
    assert names >= {"spec.yaml", "recipe.yaml", "run.json", "environment.json", "metrics.csv", "metrics.jsonl"}
    assert names >= {"tensorboard", "checkpoints", "model.keras", "result.json"}
    result = json.loads((folder / "result.json").read_text())
    assert result == done.result
    assert result["params"] == done.model.count_params()
    assert result["macs"] == factory.cost(factory.load(folder / "spec.yaml")).macs
    assert set(result["test"]) == {"loss", "accuracy"} == set(result["validation"]) == set(result["train"])
    assert [row["epoch"] for row in listening.rows] == [1, 2]
    assert factory.load(folder / "spec.yaml").name == "tiny"


def test_the_test_measure_is_that_of_the_saved_model(finished):
    """Against Keras' own evaluation of model.keras on the test part."""
    done = finished[1]
    test = open_data("digits").test
    images, targets = test.arrays
    predicted = np.argmax(done.model.predict(np.asarray(images, "float32"), verbose=0), axis=-1)
    assert done.result["test"]["accuracy"] == pytest.approx(np.mean(predicted == targets), abs=1e-6)


def test_class_names_travel_with_the_model(finished):
    assert load(finished[0] / "model.keras").labels == [str(digit) for digit in range(10)]


def test_a_finished_run_is_not_trained_again(finished):
    folder, done, _ = finished
    listening = Listening()
    again = factory.fit(SPEC, "digits", {**RECIPE, "epochs": 2}, folder, reporter=listening)
    assert again.result == done.result and not listening.rows
    assert any("finished" in line for line in listening.said)


def test_another_recipe_is_refused_in_the_same_folder(finished):
    with pytest.raises(FactoryError, match=r"recipe\.yaml differs"):
        factory.fit(SPEC, "digits", {**RECIPE, "epochs": 3}, finished[0])


def test_what_the_data_bring_is_adapted_and_told(tmp_path):
    listening = Listening()
    spec = {**SPEC, "classes": 1000, "input": {"resolution": 8, "channels": 3, "preprocess": "unit"}}
    done = run(tmp_path, listening, spec)
    assert "classes: 1000 -> 10, as in digits" in listening.said
    assert "input.channels: 3 -> 1, as in digits" in listening.said
    assert done.model.output_shape == (None, 10) and done.model.input_shape == (None, 8, 8, 1)


def test_preprocessing_with_a_mean_a_channel_keeps_its_channels(tmp_path):
    listening = Listening()
    done = run(tmp_path, listening, {**SPEC, "input": {"resolution": 8, "channels": 3, "preprocess": "torch"}})
    assert done.model.input_shape == (None, 8, 8, 3)
    assert any(line.startswith("images: 1 -> 3 channels") for line in listening.said)


def test_frozen_stages_keep_their_weights(tmp_path):
    run(tmp_path, freeze=["stem", "s1"])
    start = {w.path: np.array(w) for w in factory.build(factory.load(SPEC), seed=0).weights}
    trained = checkpoint(tmp_path)
    same = {path for path in start if np.array_equal(start[path], trained[path])}
    assert same == {path for path in start if path.startswith(("stem", "s1"))}


def test_gradual_unfreezing_trains_more_with_every_phase(tmp_path):
    listening = Listening()
    phases = [{"epochs": 1, "freeze": ["stem", "s1"]}, {"freeze": ["stem"]}]
    run(tmp_path, listening, epochs=2, phases=phases)
    start = {w.path: np.array(w) for w in factory.build(factory.load(SPEC), seed=0).weights}
    trained = checkpoint(tmp_path)
    same = {path for path in start if np.array_equal(start[path], trained[path])}
    assert same == {path for path in start if path.startswith("stem")}
    assert any(line.startswith("phase 2:") for line in listening.said)


def test_staged_growth_carries_the_small_network_into_the_large_one(tmp_path):
    """The second phase has a layer more; at a learning rate of zero all others must be as the first phase left them."""
    spec = json.loads(json.dumps(SPEC))
    spec["stages"]["s1"]["repeats"] = 2
    listening = Listening()
    schedule = {"name": "step", "peak": 0.1, "at": [1], "factor": 1e-30}
    phases = [{"epochs": 1, "spec": {"stages.s1.repeats": 1}}, {}]
    done = run(tmp_path, listening, spec, epochs=2, phases=phases, schedule=schedule, ema=0.0)
    grown = {w.path for w in factory.build(factory.load(spec), seed=0).weights}
    small = {w.path for w in factory.build(factory.load(spec, **{"stages.s1.repeats": 1}), seed=0).weights}
    assert small < grown
    assert {w.path for w in done.model.weights} == grown
    start = {w.path: np.array(w) for w in factory.build(factory.load(spec), seed=0).weights}
    learned = checkpoint(tmp_path)
    kernels = [path for path in grown if path.endswith("kernel")]
    changed = {path for path in kernels if not np.allclose(start[path], learned[path], atol=1e-6)}
    assert changed == {path for path in kernels if path in small}
    assert any("weights begin" in line for line in listening.said)


def test_progressive_resizing_trains_at_its_sizes_and_saves_the_spec_s(tmp_path):
    listening = Listening()
    done = run(tmp_path, listening, epochs=2, phases=[{"epochs": 1, "resolution": 6}, {"resolution": 10}])
    assert any("10x10 pixels" in line for line in listening.said)
    assert done.model.input_shape == (None, 8, 8, 1)


def test_multi_scale_training_takes_any_of_its_sizes(tmp_path):
    done = run(tmp_path, multi_scale=[6, 8, 12])
    assert done.model.input_shape == (None, 8, 8, 1)
    assert done.result["test"]["accuracy"] > 0


def test_fine_tuning_takes_the_body_and_begins_the_head_afresh(finished, tmp_path):
    folder, _, _ = finished
    listening = Listening()
    body = {path: array for path, array in read_checkpoint(folder / "checkpoints" / "best.npz").arrays.items()}
    images = np.random.default_rng(0).uniform(0, 255, (60, 8, 8, 1)).astype("float32")
    data = (images, np.arange(60) % 3)
    recipe = {"epochs": 1, "start": {"weights": str(folder / "model.keras")}, "freeze": ["stem", "s1"]}
    done = factory.fit(SPEC, data, recipe, tmp_path / "tuned", reporter=listening)
    assert any("afresh: head" in line for line in listening.said)
    for weight in done.model.weights:
        if not weight.path.startswith("head"):
            np.testing.assert_array_equal(weight, body[weight.path])
    assert done.model.output_shape == (None, 3)


def test_weights_of_another_network_are_refused(finished, tmp_path):
    spec = {**SPEC, "stages": {"a": {"block": "conv", "filters": 3, "kernel": 3}, "z": {"block": "classifier"}}}
    with pytest.raises(FactoryError, match="no weight has the name and shape"):
        run(tmp_path, spec=spec, start={"weights": str(finished[0] / "model.keras")})


def test_a_student_of_a_confident_teacher_follows_it_against_the_labels(tmp_path):
    """Labels say one thing, the teacher another; with all the weight on the teacher the student must agree with it."""
    inputs = keras.Input((8, 8, 1))
    bright = keras.layers.GlobalAveragePooling2D()(inputs)
    head = keras.layers.Dense(2, activation="softmax", name="head")
    teacher = keras.Model(inputs, head(bright))
    head.set_weights([np.array([[-0.2, 0.2]]), np.array([25.0, -25.0])])
    teacher.save(tmp_path / "teacher.keras")
    random = np.random.default_rng(0)
    images = (np.repeat([40, 210], 60)[:, None, None, None] + random.uniform(0, 20, (120, 8, 8, 1))).astype("float32")
    labels = np.repeat([1, 0], 60)  # the other way round
    recipe = {
        "epochs": 6,
        "batch_size": 8,
        "learning_rate": 0.01,
        "optimizer": {"name": "adam"},
        "distill": {"teacher": str(tmp_path / "teacher.keras"), "weight": 1.0},
        "data": {"validation": 0.0},
    }
    done = factory.fit(SPEC, (images, labels), recipe, tmp_path / "run")
    assert done.result["train"]["accuracy"] < 0.2
    agreed = np.argmax(done.model.predict(images, verbose=0), -1) == np.argmax(teacher.predict(images, verbose=0), -1)
    assert agreed.mean() > 0.9


def test_early_stopping_ends_the_run_and_says_so(tmp_path):
    listening = Listening()
    rule = {"monitor": "val_loss", "patience": 1, "min_delta": 1e9}
    done = run(tmp_path, listening, epochs=6, early_stopping=rule)
    assert done.result["epochs"] == 2
    assert any("stopped early" in line for line in listening.said)


def test_a_loss_that_is_no_number_stops_with_the_step_and_the_last_good_checkpoint(tmp_path):
    schedule = {"name": "step", "peak": 0.01, "at": [1], "factor": 1e30}
    with pytest.raises(FactoryError, match=r"no finite number since step \d of epoch 2") as caught:
        run(tmp_path, epochs=3, optimizer={"name": "sgd"}, schedule=schedule)
    assert "step-0000000003.npz" in str(caught.value)
    assert [path.name for path in sorted((tmp_path / "run" / "checkpoints").glob("step-*"))] == ["step-0000000003.npz"]


def test_a_full_disk_stops_with_the_last_checkpoint_intact_and_goes_on_later(tmp_path, monkeypatch):
    from factory.train import training

    write = training.Checkpoints.write

    def full(self, step, state):
        if step > 3:
            raise OSError(28, "No space left on device")
        write(self, step, state)

    monkeypatch.setattr(training.Checkpoints, "write", full)
    with pytest.raises(FactoryError, match="No space left on device; what was there is intact"):
        run(tmp_path, epochs=3)
    monkeypatch.undo()
    listening = Listening()
    done = run(tmp_path, listening, epochs=3)
    assert any("going on after 1 epochs" in line for line in listening.said)
    assert done.result["epochs"] == 3


def test_ctrl_c_keeps_the_step_and_the_same_call_goes_on(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    recipe = {"epochs": 2, "batch_size": 16, "data": {"samples": 100}}
    with pytest.raises(KeyboardInterrupt):
        factory.fit(SPEC, "digits", recipe, tmp_path / "run", callbacks=[Interrupt()])
    listening = Listening()
    factory.fit(SPEC, "digits", recipe, tmp_path / "run", reporter=listening)
    assert any("going on after 0 epochs and 2 steps" in line for line in listening.said)


def test_callbacks_of_keras_hear_of_everything_and_can_stop_the_run(tmp_path):
    heard = []

    class Hearing(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begin")

        def on_train_batch_end(self, batch, logs=None):
            heard.append(("batch", batch, logs["loss"] > 0))

        def on_epoch_end(self, epoch, logs=None):
            heard.append(("epoch", epoch, logs["val_accuracy"] >= 0))
            self.model.stop_training = True

        def on_train_end(self, logs=None):
            heard.append("end")

    recipe = {"epochs": 5, "batch_size": 45, "data": {"samples": 100}}
    done = factory.fit(SPEC, "digits", recipe, tmp_path / "run", callbacks=[Hearing()])
    assert heard == ["begin", ("batch", 0, True), ("batch", 1, True), ("epoch", 0, True), "end"]
    assert done.result["epochs"] == 1


def test_auxiliary_heads_train_and_are_left_out_of_the_saved_model(tmp_path):
    spec = json.loads(json.dumps(SPEC))
    spec["stages"] = {
        "stem": spec["stages"]["stem"],
        "aux": {"block": "classifier"},
        "s1": {**spec["stages"]["s1"], "from": "stem"},
        "head": {"block": "classifier"},
    }
    spec["auxiliary"] = ["aux"]
    done = run(tmp_path, spec=spec)
    learned = checkpoint(tmp_path)
    assert any(path.startswith("aux") for path in learned)
    assert not any(w.path.startswith("aux") for w in done.model.weights)


def test_freeze_path_trains_column_by_column_and_then_all(tmp_path):
    spec = {
        **SPEC,
        "stages": {
            "f": {"block": "fractal", "columns": 2, "body": [{"block": "conv", "filters": 4, "kernel": 3}]},
            "head": {"block": "classifier"},
        },
    }
    listening = Listening()
    run(tmp_path, listening, spec, epochs=3, freeze_path={"epochs": 1})
    assert [line.split(":")[0] for line in listening.said if line.startswith("phase")] == ["phase 2", "phase 3"]
    with pytest.raises(FactoryError, match="no 'fractal' block"):
        run(tmp_path / "other", spec=SPEC, epochs=3, freeze_path={"epochs": 1})


def test_pretraining_comes_before_training_and_sees_the_images_without_labels(tmp_path):
    """At a learning rate of nothing the layer stays as pre-training left it: the same whatever is labelled."""
    spec = {
        "name": "deep",
        "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
        "stages": {
            "flat": {"block": "flatten"},
            "h1": {"block": "dense", "units": 16, "activation": "sigmoid"},
            "head": {"block": "dense", "units": "$classes", "activation": "softmax"},
        },
    }
    start = {w.path: np.array(w) for w in factory.build(factory.load(spec, classes=10), seed=0).weights}
    listening = Listening()
    run(tmp_path, listening, spec, pretrain={"epochs": 1}, learning_rate=1e-30)
    few = checkpoint(tmp_path)["h1/kernel"]
    assert any("h1" in line for line in listening.said)
    assert not np.allclose(few, start["h1/kernel"])
    run(tmp_path / "all", spec=spec, pretrain={"epochs": 1}, learning_rate=1e-30, data={"samples": 50})
    np.testing.assert_array_equal(checkpoint(tmp_path / "all")["h1/kernel"], few)


def test_mixed_precision_keeps_weights_in_float32_and_computes_in_half(tmp_path):
    done = run(tmp_path, precision="mixed_bfloat16")
    assert {str(weight.dtype) for weight in done.model.weights} == {"float32"}
    assert done.model.get_layer("stem").compute_dtype == "bfloat16"
    assert np.isfinite(done.result["test"]["loss"])


def test_tensorboard_reads_the_measures_of_every_epoch(finished):
    folder, _, listening = finished
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"tensors": 0})
    events.Reload()
    logged = {event.step: float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors("val_accuracy")}
    assert logged == pytest.approx({row["epoch"]: row["val_accuracy"] for row in listening.rows})


def test_a_run_that_stops_before_its_last_phase_ends_with_the_network_of_that_phase(tmp_path):
    spec = json.loads(json.dumps(SPEC))
    spec["stages"]["s1"]["repeats"] = 2
    rule = {"monitor": "val_loss", "patience": 1, "min_delta": 1e9}
    phases = [{"epochs": 3, "spec": {"stages.s1.repeats": 1}}, {}]
    done = run(tmp_path, spec=spec, epochs=5, phases=phases, early_stopping=rule)
    assert done.result["epochs"] == 2
    assert done.result["params"] == factory.cost(factory.load(spec, **{"stages.s1.repeats": 1})).params


def test_a_network_whose_weights_depend_on_its_size_is_not_resized(tmp_path):
    spec = {**SPEC, "stages": {"flat": {"block": "flatten"}, "head": {"block": "classifier"}}}
    with pytest.raises(FactoryError, match=r"phases\.0\.resolution: the weights of tiny depend on the size"):
        run(tmp_path, spec=spec, epochs=2, phases=[{"epochs": 1, "resolution": 6}, {}])


@pytest.mark.parametrize("size, classes, what", [(9, 10, "takes images"), (8, 7, "gives outputs")])
def test_a_teacher_of_another_size_is_refused(tmp_path, size, classes, what):
    inputs = keras.Input((size, size, 1))
    outputs = keras.layers.Dense(classes, activation="softmax")(keras.layers.Flatten()(inputs))
    keras.Model(inputs, outputs).save(tmp_path / "teacher.keras")
    with pytest.raises(FactoryError, match=f"teacher.keras {what} of another size"):
        run(tmp_path, distill={"teacher": str(tmp_path / "teacher.keras")})


def test_a_head_made_for_other_classes_begins_afresh_even_where_its_size_fits(finished, tmp_path):
    listening = Listening()
    images = np.random.default_rng(0).uniform(0, 255, (60, 8, 8, 1)).astype("float32")
    names = np.array([f"shape {number}" for number in range(10)])[np.arange(60) % 10]
    recipe = {"epochs": 1, "start": {"weights": str(finished[0] / "model.keras")}}
    factory.fit(SPEC, (images, names), recipe, tmp_path / "run", reporter=listening)
    assert any(line.endswith("afresh: head") for line in listening.said)


def test_a_disk_that_is_full_at_the_start_is_told(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("factory.train.run.write_whole", full)
    with pytest.raises(FactoryError, match="cannot write: No space left on device"):
        run(tmp_path)
