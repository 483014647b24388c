"""What /v1/responses has kept, with the real SDK."""

import openai
import pytest


def test_kept(client):
    """A response can be fetched, its input listed, and both deleted."""
    made = client.responses.create(model="demo/clean", input="hi", instructions="Be brief.")
    kept = client.responses.retrieve(made.id)
    items = client.responses.input_items.list(made.id)

    assert made.store is True
    assert (kept.id, kept.output_text) == (made.id, made.output_text)
    assert items.data[0].content[0].text == "hi"
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_kept_for_its_owner(client):
    """Another key finds nothing."""
    made = client.responses.create(model="demo/clean", input="hi")

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id, extra_headers={"authorization": "Bearer other"})


def test_not_kept(client):
    """`store: false` is not kept, and what is not there is named."""
    made = client.responses.create(model="demo/clean", input="hi", store=False)

    assert made.store is False
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="demo/clean", input="x", previous_response_id=made.id)
    assert refused.value.code == "previous_response_not_found"


def test_nothing_is_kept(forgetful):
    """Without a store the routes say so."""
    with pytest.raises(openai.BadRequestError) as refused:
        forgetful.responses.retrieve("resp_1")

    assert refused.value.code == "store_disabled"


def test_streamed_again(client):
    """A kept response can be had as a stream, from any event on."""
    made = client.responses.create(model="demo/clean", input="hi")
    events = list(client.responses.retrieve(made.id, stream=True))
    later = list(client.responses.retrieve(made.id, stream=True, starting_after=2))

    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert "".join(each.delta for each in events if each.type.endswith("delta")) == made.output_text
    assert events[-1].response.id == made.id
    assert [each.sequence_number for each in later] == list(range(3, len(events)))


def test_cancelled(client):
    """What is over cannot be cancelled; what is not there is not found."""
    made = client.responses.create(model="demo/clean", input="hi")

    with pytest.raises(openai.BadRequestError, match="synchronous"):
        client.responses.cancel(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.cancel("resp_none")


def test_references(client):
    """An item stands for itself by its id, for its owner alone."""
    made = client.responses.create(model="demo/clean", input="hi")
    reference = {"type": "item_reference", "id": made.output[0].id}
    question = {"role": "user", "content": "and now?"}
    ask = {"model": "demo/clean", "input": [reference, question]}
    again = client.responses.create(**ask)

    assert again.status == "completed"
    listed = client.responses.input_items.list(again.id, order="asc").data
    assert listed[0].content[0].text == made.output_text
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.create(**ask, extra_headers={"authorization": "Bearer other"})
