"""Going on from the good part of a document: conversations with a model that can."""

import pytest

from strictgate.core.capabilities import Capabilities, Fact, Mode, Prefill
from strictgate.core.errors import OutputInvalid, UpstreamBadResponse
from strictgate.core.plan.plan import Purpose
from strictgate.core.repair_steps import Completion, Resumption
from tests.core.guards import PERSON
from tests.core.talks import body, contents, conversation, hold, modes, refused, said, stream

GOOD = '{"name": "Ann", "age": 7, "mood": "calm"}'
WRONG = GOOD.replace("calm", "happy")
UP_TO_MOOD = GOOD[: GOOD.index(' "calm"')]
STRINGS = {"type": "array", "items": {"type": "string"}}
ABLE = Capabilities(prefill=Prefill.TRAILING)


def talk(capabilities=ABLE, schema=PERSON, request=None, **rules):
    return conversation(body(schema, **request or {}), capabilities, **rules)


def purposes(asks):
    return [ask.plan.purpose for ask in asks]


def test_goes_on_from_the_last_good_place():
    """The prefix is the last message, cut where a model can go on, and JSON mode is off."""
    held = talk()
    outcome, asks = hold(held, said(WRONG), said(' "calm"}'))
    assert contents(outcome) == [GOOD]
    assert purposes(asks) == [Purpose.TRY, Purpose.CONTINUATION]
    assert asks[1].body["messages"][-1] == {"role": "assistant", "content": UP_TO_MOOD}
    assert "response_format" not in asks[1].body
    assert held.record.headers(held.plan)["x-strictgate-continuations"] == "1"
    assert held.record.prefixes == [True]


@pytest.mark.parametrize(
    ("style", "marks", "fields"),
    [
        (Prefill.TRAILING, {}, {}),
        (Prefill.PARTIAL, {"partial": True}, {}),
        (Prefill.PREFIX, {"prefix": True}, {}),
        (
            Prefill.CONTINUE_FINAL,
            {},
            {"continue_final_message": True, "add_generation_prompt": False},
        ),
    ],
)
def test_styles(style, marks, fields):
    """Each host has a way of its own to be asked."""
    _, asks = hold(talk(Capabilities(prefill=style)), said(WRONG), said(' "calm"}'))
    message = {"role": "assistant", "content": UP_TO_MOOD} | marks
    assert asks[1].body["messages"][-1] == message
    assert {key: asks[1].body[key] for key in fields} == fields


def test_stream_is_stopped_at_the_first_wrong_byte():
    """What comes behind it is not waited for."""
    held = talk(request={"stream": True})
    pieces = (*UP_TO_MOOD.partition(" "), ' "happy",', ' "x": 1', "}")
    outcome, asks = hold(held, *stream(*pieces), *stream(' "ca', 'lm"}'))
    assert contents(outcome) == [GOOD]
    assert held.record.summary(is_accepted=True).stopped == 1
    assert outcome.sent[0]["content"] == len(UP_TO_MOOD)
    assert len(asks) == 2


@pytest.mark.parametrize("answer", [GOOD, f"```json\n{GOOD}\n```", f"Here you are:\n{GOOD}"])
def test_new_start(answer):
    """A model that starts anew gives a whole document: it is taken, and it is remembered."""
    held = talk(schema=PERSON)
    outcome, _ = hold(held, said(WRONG.replace("Ann", "Bob")), said(answer))
    assert contents(outcome) == [GOOD]
    assert held.record.prefixes == [False]


def test_echo():
    """A host that repeats the prefix does go on from it."""
    held = talk()
    outcome, _ = hold(held, said(WRONG), said(GOOD))
    assert contents(outcome) == [GOOD]
    assert held.record.prefixes == [True]


def test_liar_is_not_asked_for_ever():
    """Two new starts, and this try asks for no continuation any more."""
    bob = '{"name": "Bob", "age": null}'
    with pytest.raises(OutputInvalid):
        hold(talk(max_attempts=1), said(WRONG), said(bob), said(bob))


def test_refused_prefix():
    """A host that refuses prefixes is asked as a host without them is; it is remembered."""
    held = talk()
    refusal = refused(400, "Assistant response prefill is incompatible with enable_thinking.")
    outcome, asks = hold(held, said(WRONG), refusal, said(GOOD))
    assert contents(outcome) == [GOOD]
    assert purposes(asks) == [Purpose.TRY, Purpose.CONTINUATION, Purpose.TRY]
    assert held.record.prefix_refused


def test_rungs_at_one_place():
    """Stuck: another sample, a hint, the question which; its answer is gone on from."""
    wrong = said(' "happy"}')
    outcome, asks = hold(talk(), said(WRONG), wrong, wrong, said("It must be calm."), said("}"))
    assert contents(outcome) == [GOOD]
    assert purposes(asks)[1:4] == [Purpose.CONTINUATION, Purpose.CONTINUATION, Purpose.QUESTION]
    assert "only one of these is allowed here" in str(asks[2].body["messages"][-2]["content"])
    assert '"angry"\n"calm"' in asks[3].body["messages"][-1]["content"]
    assert Resumption.CHOSEN in [step.name for _, step in outcome.steps]
    found = [(each.origin.value, each.end) for each in outcome.origins[0].ranges]
    end = len(GOOD)
    places = [("model", end - 8), ("continued", end - 7), ("chosen", end - 1), ("continued", end)]
    assert found == places


HOLDS = Capabilities(prefill=Prefill.TRAILING, prefill_with_native=True)


def test_the_grammar_holds_the_rest_of_what_is_stuck():
    """Where another sample comes to nothing, the rest is asked for under the host's grammar."""
    wrong = WRONG.replace('"name": "Ann", "age": 7', '"age": 7, "name": "Ann"')
    held = talk(HOLDS)
    outcome, asks = hold(held, said(wrong), said(' "happy"}'), said(' "calm"}'))
    assert modes(asks) == ["native", "prompt", "native"]
    sent = asks[2].body["response_format"]["json_schema"]["schema"]
    assert list(sent["properties"]) == ["age", "name", "mood", "notes"]
    assert asks[2].body["messages"][-1]["role"] == "assistant"
    assert contents(outcome) == [wrong.replace("happy", "calm")]
    assert held.record.details(held.plan, ())["attempts"][2]["mode"] == "native"


def test_a_prefix_that_the_grammar_does_not_know():
    """A refusal of it says nothing of prefixes: free text still goes on from them."""
    held, wrong = talk(HOLDS), said(' "happy"}')
    refusal = refused(400, "Failed to initialize samplers: std::exception")
    outcome, asks = hold(held, said(WRONG), wrong, refusal, wrong, said("calm"), said("}"))
    assert modes(asks)[1:5] == ["prompt", "native", "prompt", "prompt"]
    assert contents(outcome) == [GOOD]
    assert not held.record.prefix_refused


def test_a_model_that_gets_on_by_inches_is_held():
    """Behind a few free samples the grammar has the rest."""
    inches = [said(' "a", 1'), said(' "b", 1'), said(' "c", 1')]
    schema = PERSON | {"properties": PERSON["properties"] | {"notes": STRINGS}}
    first = said('{"notes": ["x", 1')
    last = said(' "d"], "name": "Ann", "age": 7, "mood": "calm"}')
    _, asks = hold(talk(HOLDS, schema), first, *inches, last)
    assert modes(asks) == ["native", "prompt", "prompt", "prompt", "native"]


def test_a_grammar_that_knows_no_patterns_is_not_asked_for_a_name():
    """It would close the object, and what the model meant would be lost."""
    schema = {"type": "object", "patternProperties": {"^x-": {}}, "additionalProperties": False}
    held = talk(HOLDS, schema)
    outcome, asks = hold(held, said('{"name": 1}'), said('"b": 1}'), said('"x-name": 1}'))
    assert modes(asks) == ["native", "prompt", "prompt"]
    assert "a name that matches ^x-" in str(asks[2].body["messages"])
    assert contents(outcome) == ['{"x-name": 1}']


def test_a_copy_of_the_schema_is_no_document():
    """It is cut off as soon as it shows, and the grammar holds what is asked for in its place."""
    schema = {"type": "object", "properties": PERSON["properties"], "required": ["name"]}
    copied = '{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "in'
    held = talk(HOLDS, schema)
    outcome, asks = hold(held, *stream(*copied), said(' "name": "Ann"}'))
    assert contents(outcome) == ['{ "name": "Ann"}']
    assert asks[1].body["messages"][-1]["content"] == "{"
    assert modes(asks)[1] == "native"
    outcome, _ = hold(
        talk(schema=schema, max_continuations=0), said('{"type": "object", "name": "A"}')
    )
    assert contents(outcome) == ['{"type": "object", "name": "A"}']


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_bracket_that_came_too_early(is_stream):
    """It has not gone out when the member behind it shows."""
    inner = {"type": "object", "properties": {"a": {}, "b": {}}, "additionalProperties": False}
    schema = {"type": "object", "properties": {"f": inner}, "additionalProperties": False}
    words = ('{"f": {"a": 1', "}", ",", ' "', "b", '":', " 2", "}", "}")
    outcome, asks = hold(talk(schema=schema, request={"stream": is_stream}), *stream(*words))
    assert contents(outcome) == ['{"f": {"a": 1, "b": 2}}']
    assert len(asks) == 1


def test_new_try_behind_all_rungs():
    """What comes to nothing at one place is left to a new try; then there is an honest error."""
    stuck = [said(' "happy"}'), said(' "happy"}'), said("Neither.")]
    with pytest.raises(OutputInvalid) as failed:
        hold(talk(max_attempts=2), said(WRONG), *stuck, said(WRONG), *stuck)
    assert "'/mood' does not validate" in failed.value.message
    assert failed.value.headers["x-strictgate-attempts"] == "2"


def test_no_json_at_all():
    """Where no document came, its beginning is given."""
    outcome, asks = hold(talk(), said("I like Ann."), said(GOOD[1:]))
    assert contents(outcome) == [GOOD]
    assert asks[1].body["messages"][-1]["content"] == "{"


def test_budget_is_shared():
    """A continuation has what is left of the caller's budget; behind it there is none."""
    request = {"max_tokens": 30}
    used = said(WRONG, usage={"completion_tokens": 20, "total_tokens": 40})
    _, asks = hold(talk(request=request), used, said(' "calm"}'))
    assert asks[1].body["max_tokens"] == 10
    _, asks = hold(talk(request={"max_tokens": 20}), used, said(GOOD))
    assert purposes(asks) == [Purpose.TRY, Purpose.TRY]
    _, asks = hold(talk(request={"max_tokens": None}), used, said(' "calm"}'))
    assert asks[1].body["max_tokens"] is None


def test_most_continuations():
    """They are bounded; none at all means none."""
    with pytest.raises(OutputInvalid):
        hold(talk(max_attempts=1, max_continuations=0), said(WRONG))
    with pytest.raises(OutputInvalid):
        hold(talk(max_attempts=1, max_continuations=1), said(WRONG), said(' "happy"'))


def test_broken_connection():
    """What came before a connection broke is good, if the model can go on from it."""
    held = talk(request={"stream": True})
    first, *_ = stream(UP_TO_MOOD)
    broken = UpstreamBadResponse("The upstream broke off.")
    outcome, asks = hold(held, first, broken, said('calm"}'))
    assert asks[1].body["messages"][-1]["content"] == UP_TO_MOOD + ' "'  # the quote is forced
    assert contents(outcome) == [GOOD]


@pytest.mark.parametrize("text", ["", UP_TO_MOOD])
def test_a_failure_of_the_host_in_its_first_answer(text):
    """An answer that comes whole, and with `finish_reason: error`, needed no grammar until then."""
    outcome, _ = hold(talk(), said(text, finish_reason="error"), said(GOOD), said(GOOD))
    assert contents(outcome) == [GOOD]


def test_steered():
    """With log-probabilities, the model's next choice that is allowed stands for the wrong one."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=5)
    tops = [{"token": "glad", "logprob": -1}, {"token": "calm", "logprob": -2}]
    tokens = [[{"token": UP_TO_MOOD + ' "'}], [{"token": "happy", "top_logprobs": tops}]]
    held = talk(able, request={"stream": True})
    first = stream(UP_TO_MOOD + ' "', "happy", '"}', logprobs=tokens)
    outcome, asks = hold(held, *first, *stream('"}'))
    assert asks[0].body["top_logprobs"] == 5
    assert contents(outcome) == [GOOD]
    assert outcome.steps[0][1].name is Resumption.STEERED
    found = [each.origin.value for each in outcome.origins[0].ranges]
    assert found == ["model", "chosen", "continued"]
    assert outcome.body["choices"][0].get("logprobs") is None


def test_required_property_is_opened():
    """An object that was ended too early goes on with what it lacks."""
    outcome, asks = hold(talk(), said('{"name": "Ann", "mood": "calm"}'), said(" 7}"))
    assert asks[1].body["messages"][-1]["content"].endswith(', "age":')
    assert contents(outcome) == ['{"name": "Ann", "mood": "calm", "age": 7}']
    assert [step.name for _, step in outcome.steps] == [Completion.NAMED]


def test_wrapped_root():
    """The prefix has the wrapper, the document has not."""
    schema = {"type": "array", "items": {"enum": ["a", "b"]}}
    able = Capabilities(modes=(Mode.JSON_OBJECT,), prefill=Prefill.TRAILING)
    outcome, asks = hold(talk(able, schema), said('{"value": ["a", "c"]}'), said(' "b"]}'))
    assert asks[1].body["messages"][-1]["content"] == '{"value": ["a",'
    assert contents(outcome) == ['["a", "b"]']


def two_strings(*answers, **rules):
    """A conversation about a document of two strings; what the caller gets."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    }
    outcome, _ = hold(talk(schema=schema, **rules), *answers)
    return contents(outcome)[0]


def test_a_quote_that_is_opened_twice():
    """A model that repeats the opening quote of its prefix does not mean the empty string."""
    answer = two_strings(said('{"a":nope'), said('"Paris is nice","b":"x"}'))
    assert answer == '{"a":"Paris is nice","b":"x"}'


def test_a_new_start_in_the_middle_of_a_string():
    """An object never goes on with a text: its quote would end it."""
    first = said('{"a":"Here is some code that is long enough', finish_reason="length")
    fresh = '{"b":"second","a":"first"}'
    assert two_strings(first, said(fresh)) == fresh


@pytest.mark.parametrize("wrong", ['{"a":"x" + "y","b":"z"}', '{"a":"x".trim(),"b":"z"}'])
def test_half_an_expression_is_no_value(wrong):
    """What stands behind a value makes it doubtful: it is taken back, and asked for again."""
    assert two_strings(said(wrong), said('"xy","b":"z"}')).startswith('{"a":"xy"')


def test_an_array_that_begins_as_the_document_does():
    """Behind a short prefix the next item may look like an echo; the whole text tells."""
    schema = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    held = talk(Capabilities(modes=(Mode.PROMPT,), prefill=Prefill.TRAILING), schema)
    outcome, _ = hold(held, said("No idea."), said("[1,2],[3]]"))
    assert contents(outcome) == ["[[1,2],[3]]"]


def test_half_a_pair_of_surrogates_is_refused():
    """It is neither a character nor to be replaced by one."""
    with pytest.raises(OutputInvalid):
        two_strings(said('{"a":"\ud800","b":"x"}'), max_attempts=1, max_continuations=0)


def test_endless_blanks_in_a_continuation():
    """They are no more waited for than in a first answer."""
    held = talk(request={"stream": True})
    blanks = stream(*["\n" * 10] * 50)
    outcome, asks = hold(held, said(WRONG), *blanks, said(' "calm"}'))
    assert contents(outcome) == [GOOD]
    assert held.record.summary(is_accepted=True).stopped == 1
    assert len(asks) == 3


def test_refusal_in_a_continuation():
    """It is passed on, not climbed over."""
    outcome, asks = hold(talk(), said(WRONG), said("", refusal="I cannot."))
    assert outcome.body["choices"][0]["message"]["refusal"] == "I cannot."
    assert len(asks) == 2


def test_refused_logprobs():
    """They were our own wish: the same is asked without, and that is no try."""
    able = Capabilities(prefill=Prefill.TRAILING, top_logprobs=20)
    held = talk(able)
    outcome, asks = hold(
        held, refused(400, "top_logprobs: greater than max allowed: 5"), said(GOOD)
    )
    assert contents(outcome) == [GOOD]
    assert "top_logprobs" not in asks[1].body
    assert held.record.facts == [(Fact.NO_FIELD, ("logprobs",))]
    assert held.record.tries == 1


def test_an_upstream_that_fails_on_the_way():
    """A continuation that cannot be asked for is left; a whole try may still come through."""
    outcome, _ = hold(talk(), said(WRONG), UpstreamBadResponse("It broke off."), said(GOOD))
    assert contents(outcome) == [GOOD]


def test_stuck_says_where():
    """The error tells the path, what is allowed there, and how far the document came."""
    wrong = said(' "happy"}')
    with pytest.raises(OutputInvalid) as failed:
        hold(talk(max_attempts=1), said(WRONG), wrong, wrong, said("Neither."))
    told = failed.value.body()["x_strictgate"]
    assert told["path"] == "/mood"
    assert set(told["allowed"]) == {'"angry"', '"calm"'}
    assert told["valid_prefix"] == UP_TO_MOOD
