// What `data-tip` says of an element, beside it: above everything else, since the texts that have one
// scroll and would cut it off.

import { h } from "./dom.js";

const GAP = 6; // pixels

let shown = null; // the element whose tip it is
const tip = h("div", { class: "tip", popover: "manual", role: "tooltip" });

/** Show the tips of all that is in the page, now and later. */
export function showTips() {
  document.body.append(tip);
  document.addEventListener("pointerover", (event) => place(event.target.closest?.("[data-tip]")));
  document.addEventListener("focusin", (event) => place(event.target.closest?.("[data-tip]")));
  document.addEventListener("focusout", () => place(null));
  addEventListener("scroll", () => place(shown), true);
  addEventListener("hashchange", () => place(null));
}

function place(element) {
  shown = element?.isConnected ? element : null;
  if (!shown) {
    tip.hidePopover();
    return;
  }
  tip.textContent = element.dataset.tip;
  tip.showPopover();
  const at = element.getClientRects()[0] ?? element.getBoundingClientRect();
  const left = Math.min(at.left, innerWidth - tip.offsetWidth - GAP);
  const isBelow = at.bottom + GAP + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(GAP, left)}px`;
  tip.style.top = `${isBelow ? at.bottom + GAP : at.top - GAP - tip.offsetHeight}px`;
}
