"""The cache: what stays, what leaves, and by what weight."""

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from strictgate.core.lru_cache import LruCache


def test_least_recently_used_leaves():
    """What was asked for last stays."""
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1, 1)
    cache.put("b", 2, 1)
    assert cache.get("a") == 1
    cache.put("c", 3, 1)

    assert [*cache] == ["a", "c"]
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_a_heavy_one_pushes_several_out():
    """Weights count, not entries."""
    cache: LruCache[str, int] = LruCache(10)
    for key in "abc":
        cache.put(key, 0, 3)
    cache.put("d", 0, 6)

    assert [key in cache for key in "abcd"] == [False, False, True, True]


def test_one_that_is_too_heavy_is_not_kept():
    """It pushes nothing out but what it was to replace."""
    cache: LruCache[str, int] = LruCache(10)
    cache.put("a", 1, 5)
    cache.put("b", 1, 5)
    cache.put("b", 2, 11)

    assert (cache.get("a"), cache.get("b")) == (1, None)


def test_nothing_is_a_value():
    """None can be kept, and is told from what is not there by `in`."""
    cache: LruCache[str, None] = LruCache(1)
    cache.put("a", None, 1)

    assert "a" in cache
    assert cache.get("a") is None


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 5), st.integers(0, 9)),
        st.tuples(st.sampled_from(["get", "remove"]), st.integers(0, 5), st.just(0)),
    )
)


@given(ACTS)
def test_against_a_plain_list(acts):
    """Whatever is done, it holds what a list of the most recent ones that fit would hold."""
    capacity = 12
    cache: LruCache[int, int] = LruCache(capacity)
    model: OrderedDict[int, int] = OrderedDict()
    for act, key, weight in acts:
        if act == "get":
            assert cache.get(key) == model.get(key)
            if key in model:
                model.move_to_end(key)
            continue
        model.pop(key, None)
        if act == "remove":
            cache.remove(key)
            continue
        cache.put(key, weight, weight)
        model[key] = weight
        while sum(model.values()) > capacity:
            model.popitem(last=False)
        assert {each for each in range(6) if each in cache} == set(model)
    assert len(cache) == len(model)
