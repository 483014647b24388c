"""What /v1/responses has kept, with the real SDK."""

import openai
import pytest


def test_kept(keeping):
    """A response can be fetched, its input listed, and both deleted."""
    made = keeping.responses.create(model="demo/clean", input="hi", instructions="Be brief.")
    kept = keeping.responses.retrieve(made.id)
    items = keeping.responses.input_items.list(made.id)

    assert made.store is True
    assert (kept.id, kept.output_text) == (made.id, made.output_text)
    assert items.data[0].content[0].text == "hi"
    keeping.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        keeping.responses.retrieve(made.id)


def test_kept_for_its_owner(keeping):
    """Another key finds nothing."""
    made = keeping.responses.create(model="demo/clean", input="hi")

    with pytest.raises(openai.NotFoundError):
        keeping.responses.retrieve(made.id, extra_headers={"authorization": "Bearer other"})


def test_not_kept(keeping):
    """`store: false` is not kept, and what is not there is named."""
    made = keeping.responses.create(model="demo/clean", input="hi", store=False)

    assert made.store is False
    with pytest.raises(openai.BadRequestError) as refused:
        keeping.responses.create(model="demo/clean", input="x", previous_response_id=made.id)
    assert refused.value.code == "previous_response_not_found"


def test_nothing_is_kept(client):
    """Without a store the routes say so."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.retrieve("resp_1")

    assert refused.value.code == "store_disabled"


def test_streamed_again(keeping):
    """A kept response can be had as a stream, from any event on."""
    made = keeping.responses.create(model="demo/clean", input="hi")
    events = list(keeping.responses.retrieve(made.id, stream=True))
    later = list(keeping.responses.retrieve(made.id, stream=True, starting_after=2))

    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert "".join(each.delta for each in events if each.type.endswith("delta")) == made.output_text
    assert events[-1].response.id == made.id
    assert [each.sequence_number for each in later] == list(range(3, len(events)))


def test_cancelled(keeping):
    """What is over cannot be cancelled; what is not there is not found."""
    made = keeping.responses.create(model="demo/clean", input="hi")

    with pytest.raises(openai.BadRequestError, match="synchronous"):
        keeping.responses.cancel(made.id)
    with pytest.raises(openai.NotFoundError):
        keeping.responses.cancel("resp_none")


def test_references(keeping):
    """An item stands for itself by its id, for its owner alone."""
    made = keeping.responses.create(model="demo/clean", input="hi")
    reference = {"type": "item_reference", "id": made.output[0].id}
    question = {"role": "user", "content": "and now?"}
    ask = {"model": "demo/clean", "input": [reference, question]}
    again = keeping.responses.create(**ask)

    assert again.status == "completed"
    listed = keeping.responses.input_items.list(again.id, order="asc").data
    assert listed[0].content[0].text == made.output_text
    with pytest.raises(openai.NotFoundError, match="not found"):
        keeping.responses.create(**ask, extra_headers={"authorization": "Bearer other"})
