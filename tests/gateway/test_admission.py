"""Schemas that are admitted in a worker first; its process is real."""

import asyncio

import pytest

from strictgate.core.errors import BadRequest, Overloaded, SchemaTooComplex
from strictgate.core.schema.limits import Limits
from strictgate.gateway import admission
from strictgate.gateway.admission import Admission, AdmissionPending, takes_long
from strictgate.gateway.worker_pool import WorkerPool
from strictgate.settings.tables import LimitSettings
from tests.gateway.test_moving import killed

SMALL = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a{1,20}$"}}}
LARGE = {"enum": [f"value {number}" for number in range(600)]}
COUNTED = {"type": "string", "pattern": "^(ab?){2,1000}$"}
MANY = {"properties": {f"p{n}": {"pattern": f"^a{{{n}}}$"} for n in range(9)}}
NO_SCHEMA = {"type": "nothing", "description": "x" * admission.LIGHT_SIZE}


@pytest.mark.parametrize(
    ("source", "expected"), [(SMALL, False), (LARGE, True), (COUNTED, True), (MANY, True)]
)
def test_what_takes_long(source, expected):
    """Many characters, many patterns, or one that is large when it is compiled."""
    assert takes_long(admission.write_json(source)) is expected


def admitted(use, **limits):
    async def run():
        async with WorkerPool(LimitSettings(**{"workers": 1} | limits)) as pool:
            schemas = Admission(1 << 20, Limits(), pool)
            return await use(schemas), pool.worker().begun

    return asyncio.run(run())


async def pending(schemas, source, **options):
    """Have it admitted; it must not be asked for twice."""
    with pytest.raises(AdmissionPending) as error:
        schemas.get(source, name="x", **options)
    for question in error.value.questions:
        await schemas.admit(question)
    return schemas.get(source, name="x", **options)


def test_small_ones():
    """They are admitted at once, and no process is started."""

    async def use(schemas):
        return schemas.get(SMALL, name="x")

    schema, begun = admitted(use)
    assert schema.is_here
    assert begun == 0


def test_those_that_turn_out_to_be_quick(monkeypatch):
    """They are admitted here from then on."""
    monkeypatch.setattr(admission, "LIGHT_MILLISECONDS", 1e9)
    schema, begun = admitted(lambda schemas: pending(schemas, LARGE))
    assert schema.is_here
    assert schema.is_valid("value 7")
    assert begun == 1


def test_those_that_are_slow(monkeypatch):
    """Requests are planned by them; what they judge is judged elsewhere."""
    monkeypatch.setattr(admission, "LIGHT_MILLISECONDS", 0)
    schema, _ = admitted(lambda schemas: pending(schemas, COUNTED | LARGE))
    assert not schema.is_here
    assert schema.source == COUNTED | LARGE


@pytest.mark.parametrize("options", [{}, {"strictly": True}])
def test_refused(options):
    """In the same words as here, each time anew."""
    refused = NO_SCHEMA if not options else LARGE

    async def use(schemas):
        with pytest.raises(BadRequest) as first:
            await pending(schemas, refused, **options)
        with pytest.raises(BadRequest) as again:
            schemas.get(refused, name="x", **options)
        assert again.value.body() == first.value.body()
        return first.value

    with pytest.raises(BadRequest) as here:
        Admission(0, Limits(), None).get(refused, name="x", **options)
    assert admitted(use)[0].body() == here.value.body()


def test_over_the_limits_of_a_worker():
    """That is the schema's fault, and says which limit."""

    async def use(schemas):
        with pytest.raises(SchemaTooComplex, match=r"limits\.worker_seconds") as error:
            await pending(schemas, LARGE)
        return error.value.param

    assert admitted(use, worker_seconds=0.001)[0] == "response_format"


def test_a_refusal_that_is_kept_holds_no_request():
    """Raised again and again, one exception would gather the frames of all who asked."""

    async def use(schemas):
        raised = []
        with pytest.raises(BadRequest) as first:
            await pending(schemas, NO_SCHEMA)
        raised.append(first.value)
        for _ in range(2):
            with pytest.raises(BadRequest) as again:
                schemas.get(NO_SCHEMA, name="x")
            raised.append(again.value)
        return raised

    raised, _ = admitted(use)
    assert len({*map(id, raised)}) == 3
    assert len({each.message for each in raised}) == 1
    assert {type(each) for each in raised} == {type(raised[0])}
    assert len({(each.param, each.code, str(each.headers)) for each in raised}) == 1


def test_a_worker_that_is_lost():
    """That is no verdict on the schema: it is admitted when it comes again."""

    async def use(schemas):
        with pytest.raises(AdmissionPending) as error:
            schemas.get(LARGE, name="x")
        pool = schemas._workers
        async with asyncio.TaskGroup() as group:
            group.create_task(killed(pool.worker()))
            with pytest.raises(Overloaded, match="Try again") as lost:
                await schemas.admit(error.value.questions[0])
        assert lost.value.headers["retry-after"] == "1"
        return await pending(schemas, LARGE)

    schema, begun = admitted(use)
    assert schema.inspected.source == LARGE
    assert begun == 2


def test_many_at_once():
    """Planning is begun anew once for all that it has named, however many they are."""
    sources = [{**LARGE, "title": str(number)} for number in range(5)]

    async def use(schemas):
        plans = []

        def plan():
            plans.append(0)
            pending = []
            for source in sources:
                try:
                    schemas.get(source, name="x")
                except AdmissionPending as more:
                    pending += more.questions
            if pending:
                raise AdmissionPending(pending)
            return len(plans)

        return await schemas.admitted(plan)

    assert admitted(use)[0] == 2


def test_too_many(monkeypatch):
    """They are counted before any of them is admitted."""
    monkeypatch.setattr(admission, "MAX_PENDING", 1)

    async def use(schemas):
        with pytest.raises(AdmissionPending) as error:
            schemas.get(LARGE, name="x")

        def plan():
            raise AdmissionPending(2 * error.value.questions)

        with pytest.raises(SchemaTooComplex, match="more than 1 large"):
            await schemas.admitted(plan)

    assert admitted(use)[1] == 0
