"""The record of a conversation."""

from dataclasses import replace

from strictgate.core.capabilities import Mode
from strictgate.core.conversation.attempt_log import MAX_REPAIRS, AttemptLog, RefusedMode
from strictgate.core.conversation.choice_result import Accepted, Rejected
from strictgate.core.conversation.reply_reader import EvaluatedReply, ReplyEnd
from strictgate.core.errors import UpstreamBadResponse
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Step
from tests.core.talks import planner, said

PLAN = planner().plan(Mode.NATIVE)
GOOD = Accepted({}, (), passed_on=False)
MENDED = Accepted({}, (Step("fence_removed"),), passed_on=False)
BAD = Rejected("x", (), "no JSON", truncated=False)


def test_attempts():
    """The worst of the choices names the outcome; only untouched answers are clean."""
    record = AttemptLog()
    for results in ([GOOD], [GOOD, MENDED], [GOOD, BAD]):
        record.accepted(PLAN, EvaluatedReply(said("x").body, results, said("x").usage))

    assert [each.outcome for each in record.attempts] == ["valid", "valid", "not_json"]
    assert [each.is_clean for each in record.attempts] == [True, False, False]
    assert record.spent == {"total_tokens": 30}


def test_untold_usage():
    """What an answer tells nothing of is estimated beside what others tell."""
    record = AttemptLog()
    told = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}
    record.accepted(PLAN, EvaluatedReply(said("x").body, [GOOD], told))
    assert (record.untold_in, record.untold_out) == (0, 0)
    record.accepted(PLAN, EvaluatedReply(said("x" * 8).body, [GOOD], None))
    assert record.untold_in > 0
    assert record.untold_out == 2
    assert record.spent == told


def test_lessons_are_proven_by_acceptance():
    """What was refused counts once something was accepted after it."""
    record = AttemptLog()
    record.refused_modes.append(
        RefusedMode(Mode.NATIVE, for_schema=False, reason="no", pattern="p")
    )
    before = list(record.proven_refusals())
    record.accepted(PLAN, EvaluatedReply(said("x").body, [GOOD], said("x").usage))

    assert (before, len(record.proven_refusals())) == ([], 1)


def test_headers():
    """Repairs are named once each."""
    steps = [(0, Step("trailing_comma")), (1, Step("trailing_comma")), (1, Step("comment"))]

    assert AttemptLog().headers(PLAN, steps) == {
        "x-strictgate-mode": "native",
        "x-strictgate-attempts": "0",
        "x-strictgate-repairs": "trailing_comma,comment",
    }


def test_many_repairs_are_counted():
    """The first are listed; an answer must not be ten times as long as its document."""
    steps = [(0, Step("string_to_number", f"/{at}")) for at in range(MAX_REPAIRS + 5)]
    details = AttemptLog().details(PLAN, steps)

    assert [each["path"] for each in details["repairs"]] == [f"/{at}" for at in range(MAX_REPAIRS)]
    assert details["repairs_not_listed"] == 5
    more = (("quotes", 2), ("comment", 1))
    assert AttemptLog().details(PLAN, steps, (), more)["repairs_not_listed"] == 8
    told = AttemptLog().headers(PLAN, steps, more)["x-strictgate-repairs"]
    assert told == "string_to_number,quotes,comment"
    assert "repairs_not_listed" not in AttemptLog().details(PLAN, steps[:MAX_REPAIRS])


def test_lost_logprobs_are_told():
    """They stand among what was dropped."""
    record = AttemptLog(lost_logprobs=True)
    assert record.details(PLAN, ())["dropped"] == ["logprobs"]


def test_failure_details():
    """An error tells of the attempts and what they used; of none there is nothing to tell."""
    record = AttemptLog()
    assert record.failure_details(PLAN) == {}
    record.accepted(PLAN, EvaluatedReply(said("x").body, [BAD], said("x").usage))
    told = record.failure_details(PLAN)
    assert [*told] == ["mode", "attempts", "usage"]
    assert told["usage"] == {"total_tokens": 10}


def test_what_broke_off_has_no_verdict():
    """It is neither invalid nor no JSON."""
    record = AttemptLog()
    broken = replace(BAD, broken=UpstreamBadResponse("It broke off."))
    record.accepted(PLAN, EvaluatedReply(said("x").body, [broken], None, ReplyEnd.BROKEN))
    assert record.attempts[0].outcome == "broken"


def test_tokens_in_vain():
    """Those of tries that were given up for a new one; if nothing was accepted, all."""
    record = AttemptLog()
    assert record.summary(is_accepted=False).tokens_in_vain == 0
    usage = {"prompt_tokens": 6, "completion_tokens": 4, "total_tokens": 10}
    for purpose, result in (
        *((Purpose.TRY, BAD), (Purpose.CONTINUATION, BAD)),
        *((Purpose.TRY, BAD), (Purpose.CONTINUATION, GOOD)),
    ):
        plan = replace(PLAN, purpose=purpose)
        record.accepted(plan, EvaluatedReply(said("x").body, [result], usage))

    assert record.summary(is_accepted=True).tokens_in_vain == 20
    assert record.summary(is_accepted=False).tokens_in_vain == 40
