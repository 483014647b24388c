"""A value under construction."""

from strictgate.core.jsontext.partial_tree import Tree


def grown():
    """Return `{"a":[1,{"b":2`, with everything open but 2."""
    tree = Tree()
    tree.enter({}, 0)
    tree.name("a", 1)
    tree.enter([], 5)
    tree.put(1)
    tree.enter({}, 8)
    tree.name("b", 9)
    tree.put(2)
    return tree


def test_growing():
    """Values are put at the end, and paths say where that is."""
    tree = grown()
    assert tree.root == {"a": [1, {"b": 2}]}
    assert (tree.open_path, tree.last_path) == (("a", 1), ("a", 1, "b"))
    tree.leave()
    assert (tree.last_path, tree.next_path) == (("a", 1), ("a", 2))


def test_taking_back():
    """The value that was put in last goes, and its name is the one begun last again."""
    tree = grown()
    tree.name("c", 14)
    assert tree.offsets == [[0, 1], [5], [8, 9, 14]]
    tree.take_name()
    tree.take()
    assert (tree.root, tree.last_path) == ({"a": [1, {}]}, ("a", 1, "b"))
    assert tree.offsets == [[0, 1], [5], [8, 9]]


def test_a_closed_container_is_not_changed():
    """Going back into it works on a copy, which takes its place."""
    tree = grown()
    closed = tree.leave()
    tree.reopen(closed)
    tree.name("c", 14)
    tree.put(3)
    assert (closed.container, closed.offsets) == ({"b": 2}, [8, 9])
    assert tree.root == {"a": [1, {"b": 2, "c": 3}]}


def test_a_fork_grows_on_its_own():
    """Neither sees what is put into the other."""
    tree = grown()
    twin = tree.fork()
    twin.name("c", 14)
    twin.put(3)
    assert tree.root == {"a": [1, {"b": 2}]}
    assert tree.offsets == [[0, 1], [5], [8, 9]]
    assert twin.root == {"a": [1, {"b": 2, "c": 3}]}
    assert twin.last_path == ("a", 1, "c")


def test_names_are_kept_once():
    """A name that comes again is the same text in memory, however it was parsed."""
    tree = Tree()
    tree.enter([], 0)
    for at in (1, 20):
        tree.enter({}, at)
        tree.name("".join(["some", "body"]), at + 1)
        tree.put(1)
        tree.leave()
    first, second = ([*each] for each in tree.root)
    assert first[0] is second[0]
