"""Workers of a cluster as their driver sees them, with attempts that are only written down."""

import asyncio

import pytest

from factory.errors import FactoryError
from tuner.cluster.mail import END, STOP, Mail
from tuner.runner.tasks import Task

BEGAN = {"kind": "began", "device": "gpu", "host": "10.0.0.7", "node": "abc", "pid": 7, "tasks": 3}


@pytest.fixture
def began(loop, monkeypatch, tmp_path):
    """Workers, the tickets of what they began, the cancelled attempts, and `say`, which tells as an attempt does."""
    from tuner.cluster.workers import RayWorkers

    tickets, cancelled = [], []
    monkeypatch.setattr("ray.cancel", lambda ref, force: cancelled.append((ref, force)))

    def launch(driver, ticket, task, log):
        tickets.append(ticket)
        return asyncio.run_coroutine_threadsafe(_ended(), loop).result(5)

    mail = Mail(loop)
    workers = RayWorkers(tmp_path, 2, mail, None, launch)
    workers.start(5)

    def say(ticket, waits=False, **message):
        return asyncio.run_coroutine_threadsafe(mail.tell(ticket, message, waits), loop)

    yield workers, tickets, cancelled, say


async def _ended():
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def test_an_attempt_counts_its_seconds_from_when_a_node_has_room_for_it(began):
    workers, tickets, _, say = began
    first, second = workers.all
    assert workers.idle() == [first, second] and workers.busy() == []
    first.send(Task(4, "trials/0004", "digits"))
    assert workers.busy() == [first] and first.seconds == 0 and first.memory() == 0
    say(tickets[0], **BEGAN).result(5)
    say(tickets[0], kind="epoch", run=0, row={"epoch": 1}, memory=10**9).result(5)
    assert [(worker, message["kind"]) for worker, message in workers.listen(5)] == [(first, "began"), (first, "epoch")]
    assert first.name == "worker-0@10.0.0.7" and first.device == "gpu" and first.tasks == 3
    assert first.seconds > 0 and first.memory() == 10**9


def test_a_verdict_reaches_the_attempt_that_waits_for_it(began):
    workers, tickets, _, say = began
    workers.all[0].send(Task(0, "trials/0000", "digits", judged=True))
    answer = say(tickets[0], True, kind="epoch", run=0, row={"epoch": 1})
    assert len(list(workers.listen(5))) == 1 and not answer.done()
    workers.all[0].judge(True)
    assert answer.result(5) == STOP


def test_what_a_replaced_worker_still_says_is_not_heard(began):
    workers, tickets, cancelled, say = began
    workers.all[0].send(Task(0, "trials/0000", "digits"))
    old = workers.all[0]
    workers.replace(old)
    assert workers.all[0] is not old and cancelled == [(old.ref, True)]
    assert say(tickets[0], kind="done", results=[]).result(5) == END
    assert list(workers.listen(0.01)) == []


def test_a_node_where_trials_do_not_start_is_given_up_and_many_of_them_end_the_sweep(began):
    workers, tickets, _, say = began
    worker = workers.all[0]
    for number in range(2):
        worker.send(Task(number, "trials/0000", "digits"))
        say(tickets[-1], kind="unready", reason="10.0.0.9 does not see trials/0000").result(5)
        assert list(workers.listen(5)) == [(worker, None)] and worker.lost and worker.killed
        assert worker.fate() == "the worker process ended: 10.0.0.9 does not see trials/0000"
    worker.send(Task(2, "trials/0000", "digits"))
    say(tickets[-1], kind="unready", reason="10.0.0.9 does not see trials/0000").result(5)
    with pytest.raises(FactoryError, match=r"trials do not start: 10\.0\.0\.9 does not see trials/0000"):
        list(workers.listen(5))


def test_an_attempt_is_not_lost_for_ever_once_it_was(began):
    workers, tickets, _, say = began
    worker = workers.all[0]
    worker.send(Task(0, "trials/0000", "digits"))
    say(tickets[-1], kind="unready", reason="no").result(5)
    list(workers.listen(5))
    worker.send(Task(0, "trials/0000", "digits"))
    assert not worker.lost and not worker.killed
