"""The items of responses that are kept: how they are listed, and found again by their ids.

An id holds the key of its response: `msg_KEY`, `fc_KEY_0` of what came out; `in_KEY_0` of what went
in, by its place. So no index is needed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Item = Mapping[str, Any]

KEPT_HERE = (
    "Responses are kept for the credentials that asked for them, unless these sent `store: false`, "
    "for as long as the table [store] of Strictgate's configuration says; in memory (the default) "
    "no longer than it runs."
)
_REFERENCE = "item_reference"
_INPUT = "in"


def no_such_item(identity: str) -> str:
    """Return what is said of a reference to an item that is not there."""
    return (
        f"Item with id '{identity[:100]}' not found. {KEPT_HERE} Or send whole items in place of "
        "references (in the AI SDK: `providerOptions.openai.store = false`)."
    )


def is_reference(item: Any) -> bool:
    """Whether an item stands for another one: `{"type": "item_reference", "id": …}`."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return False
    bare = item.get("type") is None and item.keys() <= {"id", "type"}
    return bare or item.get("type") == _REFERENCE


def response_of(identity: str) -> str:
    """Return the id of the response that an item is of."""
    _, _, rest = identity.partition("_")
    return f"resp_{rest.partition('_')[0]}"


def item_of(response: Item, given: Sequence[Any], identity: str) -> Any:
    """Return the item with that id; None where there is none.

    Args:
        given: what went in.
    """
    place = identity.rpartition("_")[2]
    if identity.startswith(f"{_INPUT}_") and place.isdecimal():
        return given[int(place)] if int(place) < len(given) else None
    return next((item for item in response["output"] if item.get("id") == identity), None)


def listed_items(given: Sequence[Any], key: str) -> list[dict[str, Any]]:
    """Return what went in as OpenAI lists it: each with an id, messages in parts.

    Args:
        key: of the response.
    """
    return [_listed(item, f"{_INPUT}_{key}_{at}") for at, item in enumerate(given)]


def _listed(item: Any, identity: str) -> dict[str, Any]:
    whole = {"id": identity, **(item if isinstance(item, dict) else {})}
    if whole.get("type") not in (None, "message"):
        return whole
    whole |= {"type": "message", "status": whole.get("status") or "completed"}
    content = whole.get("content")
    if isinstance(content, str):
        kind = "output_text" if whole.get("role") == "assistant" else "input_text"
        more: dict[str, Any] = {"annotations": []} if kind == "output_text" else {}
        whole["content"] = [{"type": kind, "text": content, **more}]
    return whole
