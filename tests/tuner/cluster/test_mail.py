"""Messages between the event loop of the actor and the thread of its driver."""

import asyncio

import pytest

from tuner.cluster.mail import END, GO, STOP, Mail


def told(mail, ticket, message, waits=False):
    return asyncio.run_coroutine_threadsafe(mail.tell(ticket, message, waits), mail.loop)


def test_messages_come_in_order_with_whom_they_are_of(loop):
    mail = Mail(loop)
    mail.expect("a", "first")
    mail.expect("b", "second")
    for ticket, number in (("a", 1), ("b", 2), ("a", 3)):
        assert told(mail, ticket, {"number": number}).result(5) == GO
    assert list(mail.collect(5)) == [("first", {"number": 1}), ("second", {"number": 2}), ("first", {"number": 3})]
    assert list(mail.collect(0.001)) == []


@pytest.mark.parametrize("verdict", [GO, STOP])
def test_an_epoch_that_waits_gets_its_verdict(loop, verdict):
    mail = Mail(loop)
    mail.expect("a", "worker")
    answer = told(mail, "a", {"kind": "epoch"}, waits=True)
    assert [message for _, message in mail.collect(5)] == [{"kind": "epoch"}] and not answer.done()
    mail.answer("a", verdict)
    assert answer.result(5) == verdict


def test_a_closed_ticket_is_answered_with_the_end_and_not_heard(loop):
    mail = Mail(loop)
    mail.expect("a", "worker")
    waiting = told(mail, "a", {"kind": "epoch"}, waits=True)
    assert list(mail.collect(5))
    mail.close("a")
    assert waiting.result(5) == END
    assert told(mail, "a", {"kind": "done"}).result(5) == END and told(mail, "never opened", {}).result(5) == END
    assert list(mail.collect(0.001)) == []


def test_a_death_is_told_and_a_good_end_is_not(loop):
    async def end(error):
        if error:
            raise error

    mail, error = Mail(loop), RuntimeError("the node is gone")
    for ticket, why in (("a", None), ("b", error)):
        mail.expect(ticket, ticket)
        mail.watch(ticket, end(why))
    assert list(mail.collect(5)) == [("b", error)]
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(5)
    assert not mail.under_way
