"""A sweep for TensorBoard's HParams view: `tensorboard --logdir DIR` shows its trials as a table, with their curves.

The messages are those of tensorboard.plugins.hparams.api, made without it: importing that one starts TensorFlow.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from factory.files import write_whole
from tuner.space import Choice, Dimension, Int, Space
from tuner.store import SCORED, TrialRecord

FOLDER = "hparams"
"""Where the files are, in the directory of a sweep; a folder in it for each trial."""
COSTS = ("params", "macs")
"""The costs that are shown beside the objectives."""
_LABELS_OF_ONE_TYPE = ((bool,), (int, float), (str,))


def write_hparams(directory: Path, space: Space, objectives: Sequence[str], records: Iterable[TrialRecord]) -> int:
    """Brings the files up to date and says how many trials were new: those that have ended and have no file yet.

    objectives: their names. A trial's file is written once, and whole. Raises OSError.
    """
    folder = directory / FOLDER
    experiment = folder / "events.out.tfevents.0.experiment"
    if not experiment.exists():
        folder.mkdir(parents=True, exist_ok=True)
        costs = [cost for cost in COSTS if cost not in objectives]
        write_whole(experiment, _file([_experiment(space, objectives, costs)], 0.0))
    new = 0
    for record in records:
        path = folder / f"{record.number:04}" / "events.out.tfevents.0.trial"
        if record.ended and not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_whole(path, _file(_trial(space, record), _seconds(record.ended)))
            new += 1
    return new


def _experiment(space: Space, objectives: Sequence[str], costs: Sequence[str]) -> Any:
    """What is searched and what is measured."""
    from tensorboard.plugins.hparams import summary_v2 as hp

    hparams = [hp.HParam(dimension.name, _domain(dimension)) for dimension in space]
    tags = [*(_objective(name) for name in objectives), *(_cost(name) for name in costs), "seconds"]
    return hp.hparams_config_pb(hparams, [hp.Metric(tag) for tag in tags], time_created_secs=0.0)


def _trial(space: Space, record: TrialRecord) -> list[Any]:
    """A trial: its values, its measures, and how it ended."""
    from tensorboard.plugins.hparams import summary_v2 as hp
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    values = {name: _shown(space.by_name[name], value) for name, value in record.point.items()}
    begun = _seconds(record.started or record.created)
    measures = {
        **{_objective(name): value for name, value in record.values.items()},
        **{_cost(name): record.costs.get(name) for name in COSTS},
        "seconds": record.seconds,
    }
    return [
        hp.hparams_pb(values, trial_id=f"trial {record.number}", start_time_secs=begun),
        *(scalar_pb(tag, float(value)) for tag, value in measures.items() if value is not None),
        _end(record),
    ]


def _end(record: TrialRecord) -> Any:
    """How a trial ended, which the public functions of the plug-in cannot say without Keras."""
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    status = api_pb2.STATUS_SUCCESS if record.status in SCORED else api_pb2.STATUS_FAILURE
    end = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=_seconds(record.ended))
    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=end))
    summary = summary_pb2.Summary()
    summary.value.add(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)
    return summary


def _file(summaries: Iterable[Any], seconds: float) -> bytes:
    """An event file with these summaries, all of one time."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    writer = RecordWriter(content)
    writer.write(Event(wall_time=seconds, file_version="brain.Event:2").SerializeToString())
    for summary in summaries:
        writer.write(Event(wall_time=seconds, summary=summary).SerializeToString())
    return content.getvalue()


def _domain(dimension: Dimension) -> Any:
    from tensorboard.plugins.hparams import summary_v2 as hp

    if isinstance(dimension, Choice):
        return hp.Discrete(list(dict.fromkeys(_shown(dimension, label) for label in dimension.labels)))
    bounds: Mapping[str, Any] = vars(dimension)
    if isinstance(dimension, Int):
        return hp.IntInterval(bounds["low"], bounds["high"])
    return hp.RealInterval(float(bounds["low"]), float(bounds["high"]))


def _shown(dimension: Dimension, value: Any) -> Any:
    """A value as the view can sort it: labels of several types, and null, become texts."""
    if not isinstance(dimension, Choice):
        return value
    for types in _LABELS_OF_ONE_TYPE:
        if all(type(label) in types for label in dimension.labels):
            return float(value) if types == (int, float) else value
    return "null" if value is None else str(value)


def _objective(name: str) -> str:
    return f"objective/{name}"


def _cost(name: str) -> str:
    return f"cost/{name}"


def _seconds(moment: str) -> float:
    """Seconds since 1970 of an ISO time."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
