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
    assert items.data[0].content == "hi" or items.data[0].content[0].text == "hi"
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
