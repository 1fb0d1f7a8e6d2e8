"""The files for TensorBoard's HParams view, read back through the backend of that view."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
import trial_records
from trial_records import trial

from tuner.analysis.hparams import write_hparams
from tuner.space import Choice, Condition, Float, Int, Space

SPACE = Space(
    [
        Choice("stages.s1.kernel", (3, 5), ordered=True),
        Choice("stages.s2", ("mb", None, True)),
        Choice("recipe.deterministic", (False, True)),
        Int("stages.s3.repeats", 1, 4),
        Float("recipe.learning_rate", 1e-4, 0.1, log=True, when=(Condition("stages.s1.kernel", "eq", 3),)),
    ]
)
POINT = {"stages.s1.kernel": 5, "stages.s2": None, "recipe.deterministic": True, "stages.s3.repeats": 2}


def view(folder):
    """What the view is given: the experiment and the groups of sessions."""
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(folder))
    context = backend_context.Context(TBContext(data_provider=provider, logdir=str(folder)))
    request = api_pb2.GetExperimentRequest(include_metrics=True)
    experiment = get_experiment.Handler(RequestContext(), context, "", request).run()
    statuses = [api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_RUNNING]
    columns = [api_pb2.ColParams(hparam=info.name, include_in_result=True) for info in experiment.hparam_infos]
    wanted = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=100, allowed_statuses=statuses, col_params=columns, include_metrics=True
    )
    groups = list_session_groups.Handler(RequestContext(), context, "", wanted).run()
    return experiment, {group.name: group for group in groups.session_groups}


def test_the_view_shows_what_is_searched_and_every_trial_that_has_ended(tmp_path):
    records = [
        trial(0, 0.75),
        trial(1, None, "FAILED", error="boom"),
        trial(2, 0.5, point=POINT),
        trial(3, None, "RUNNING"),
    ]
    assert write_hparams(tmp_path, SPACE, ["val_accuracy"], records) == 3
    experiment, groups = view(tmp_path)

    domains = {info.name: info for info in experiment.hparam_infos}
    assert set(domains) == {dimension.name for dimension in SPACE}
    assert [one.number_value for one in domains["stages.s1.kernel"].domain_discrete.values] == [3, 5]
    assert {one.string_value for one in domains["stages.s2"].domain_discrete.values} == {"mb", "null", "True"}
    assert domains["stages.s3.repeats"].domain_interval.max_value == 4
    assert domains["recipe.learning_rate"].domain_interval.min_value == 1e-4
    assert {info.name.tag for info in experiment.metric_infos} == {
        "objective/val_accuracy",
        "cost/params",
        "cost/macs",
        "seconds",
    }

    assert set(groups) == {"trial 0", "trial 1", "trial 2"}
    first = groups["trial 0"]
    assert first.hparams["recipe.learning_rate"].number_value == 0.01
    measures = {measure.name.tag: measure.value for measure in first.metric_values}
    assert measures == {"objective/val_accuracy": 0.75, "cost/params": 1000, "cost/macs": 50_000, "seconds": 29}
    assert [group.sessions[0].status for group in groups.values()] == [1, 2, 1]  # success, failure, success
    assert first.sessions[0].start_time_secs == pytest.approx(first.sessions[0].end_time_secs - 29)
    assert "objective/val_accuracy" not in {measure.name.tag for measure in groups["trial 1"].metric_values}
    other = groups["trial 2"].hparams
    assert other["stages.s2"].string_value == "null" and other["recipe.deterministic"].bool_value is True
    assert not other["recipe.learning_rate"].HasField("number_value")


def test_a_trial_is_written_once(tmp_path):
    write_hparams(tmp_path, SPACE, ["val_accuracy"], [trial(0, 0.5)])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*tfevents*")}
    assert write_hparams(tmp_path, SPACE, ["val_accuracy"], [trial(0, 0.5), trial(1, 0.75)]) == 1
    after = {path: path.read_bytes() for path in tmp_path.rglob("*tfevents*")}
    assert len(after) == 3 and before.items() < after.items()


def test_a_cost_that_is_an_objective_is_one_column(tmp_path):
    write_hparams(tmp_path, SPACE, ["val_accuracy", "macs"], [trial(0, 0.5)])
    experiment, _ = view(tmp_path)
    tags = {info.name.tag for info in experiment.metric_infos}
    assert tags == {"objective/val_accuracy", "objective/macs", "cost/params", "seconds"}


def test_tensorboard_comes_with_the_package():
    assert any(re.match(r"tensorboard\b(?!.*extra)", one) for one in requires("keras-model-factory"))


def test_writing_starts_no_tensorflow(tmp_path):
    code = (
        "import sys; from pathlib import Path; from trial_records import trial; from tuner.space import *\n"
        "from tuner.analysis.hparams import write_hparams\n"
        "space = Space([Choice('stages.s1.kernel', (3, 5)), Float('recipe.learning_rate', 1e-4, 0.1)])\n"
        "write_hparams(Path(sys.argv[1]), space, ['val_accuracy'], [trial(0, 0.5)])\n"
        "print(sorted({'tensorflow', 'keras', 'keras_tuner'} & set(sys.modules)))"
    )
    folder = str(Path(trial_records.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({folder!r})\n{code}", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n", done.stderr
