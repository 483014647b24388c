"""What is estimated of a text before it is judged, and streams in slices."""

import json

from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.conversation.judging_cost import (
    LIGHT,
    SLICE,
    WHOLE_STREAM,
    guarded_length,
    input_cost,
    judging_cost,
    nulls_cost,
    slices,
    streamed_input_length,
    validation_cost,
)
from strictgate.core.conversation.protocol import HeavyStep
from strictgate.core.schema.schema import admit
from strictgate.core.wire.collector import Delta
from tests.core.talks import body, conversation, said, streamed, turns

PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
UNION = {"type": "array", "items": {"anyOf": [{"maxItems": n} for n in range(300)]}}

DELTAS = st.lists(
    st.builds(
        Delta,
        st.integers(0, 2),
        content=st.text(max_size=3 * SLICE),
        reasoning=st.text(max_size=9),
        arguments=st.lists(
            st.tuples(st.integers(0, 2), st.text(max_size=2 * SLICE)), max_size=2
        ).map(tuple),
    ),
    max_size=4,
)


def texts(deltas):
    """All that `deltas` say, by choice and by call."""
    said = {}
    for each in deltas:
        pieces = [("content", each.content), ("reasoning", each.reasoning), *each.arguments]
        for where, text in pieces:
            key = each.index, where
            said[key] = said.get(key, "") + text
    return {key: text for key, text in said.items() if text}


@given(DELTAS)
def test_slices_say_the_same(deltas):
    """Nothing is lost or moved between choices, and no part is much longer than a slice."""
    parts = list(slices(deltas))
    assert texts(each for part in parts for each in part) == texts(deltas)
    assert all(part and guarded_length(part) <= SLICE for part in parts)


def test_nulls_cost():
    """What has none costs nothing; a member in four KiB of them is nothing to notice."""
    schema = admit(PERSON, name="x")
    assert nulls_cost(json.dumps({"name": "x" * 100_000}), schema) == 0
    assert nulls_cost('{"a": null}', schema) < LIGHT < nulls_cost('{"a": null}' * 2000, schema)


def test_a_delta_ends_where_its_text_does():
    """What tells that the text has ended comes with the last of it."""
    long = Delta(0, "x" * 3 * SLICE, finish_reason="stop")
    found = [each.finish_reason for part in slices([long]) for each in part]
    assert found == [None] * (len(found) - 1) + ["stop"]
    assert len(found) > 3


def test_what_is_heavy():
    """Small is light; long, wide and large schemas are not."""
    person, union = admit(PERSON, name="p"), admit(UNION, name="u")
    large = admit({"properties": {f"p{n}": {"type": "string"} for n in range(4000)}}, name="l")
    assert judging_cost(1024, person) < LIGHT < judging_cost(10 * 1024, person)
    assert validation_cost(10 * 1024, person) < LIGHT < validation_cost(10 * 1024, union)
    assert judging_cost(2, large) > LIGHT


def talk(**request):
    return conversation(body(PERSON, **request))


def steps(conversation, *answers):
    """The heavy steps that a conversation announces."""
    _, taken = turns(conversation, *answers)
    return [each for each in taken if isinstance(each, HeavyStep)]


def test_what_is_valid_as_it_stands_is_light():
    """Whatever its length, fenced or not; what is not valid is announced before it is judged."""
    good = json.dumps({"name": "x" * 20_000})
    bad = json.dumps({"name": "x" * 20_000, "more": 1})[:-1]
    assert not steps(talk(), said(good))
    assert not steps(talk(), said(f"```json\n{good}\n```"))
    assert steps(talk(), said(bad), said(good))[0].cost > LIGHT


def test_a_long_piece_of_a_stream_is_guarded_in_slices():
    """Between them others may run; tokens one by one need no pause."""
    piece = '{"name": "' + "x" * 9_000
    paused = steps(talk(stream=True), *streamed(piece, '"}'))
    assert len(paused) > 9_000 / SLICE
    assert not steps(talk(stream=True), *streamed('{"name": ', '"x"', "}"))


def test_a_long_stream_is_announced_once():
    """However short its pieces are."""
    pieces = ["x" * 500] * 100
    announced = steps(talk(stream=True), *streamed('{"name": "', *pieces, '"}'))
    assert len([each for each in announced if each.cost > LIGHT]) == 1


def test_a_stream_of_many_mends_is_announced():
    """They take longer than what is read: one as short as others is then as heavy as a long one."""
    numbers = conversation(body({"type": "array", "items": {"type": "integer"}}, stream=True))
    pieces = [f'"{at}", ' for at in range(1100)]
    announced = steps(numbers, *streamed("[", *pieces, "1]"))
    assert len("".join(pieces)) < WHOLE_STREAM
    assert len([each for each in announced if each.cost > LIGHT]) == 1


def test_a_wide_union_is_heavy_at_once():
    """Its guard follows every branch: a few characters are announced before they are read."""
    one = conversation(body(UNION, stream=True))
    announced = steps(one, *streamed("[[", "]]"))
    assert announced[0].cost > LIGHT


def test_inputs_that_can_be_read_in_many_ways():
    """A grammar that may be so is heavy from a few words on, in a stream and as a whole; a regex is
    not."""
    assert input_cost(20, is_linear=False) < LIGHT < input_cost(50, is_linear=False)
    assert input_cost(5000, is_linear=True) < LIGHT
    piece = Delta(0, content="not counted", arguments=((0, "x" * 60),))
    assert streamed_input_length([piece]) < WHOLE_STREAM < streamed_input_length([piece, piece])
