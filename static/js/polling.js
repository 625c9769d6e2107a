// An element with hx-get, hx-trigger="poll" and data-poll="3": asked every 3 s while the page is looked at and used,
// every 30 s (data-poll-slow) otherwise, and left alone while the pointer or the focus is in it (data-poll-still).
let active = Date.now();
const asked = new WeakMap();

for (const kind of ["pointermove", "keydown", "scroll"]) {
  addEventListener(kind, () => (active = Date.now()), { passive: true });
}

function isStill(element) {
  if (!("pollStill" in element.dataset)) return false;
  return element.matches(":hover") || element.contains(document.activeElement) || element.querySelector("details[open]");
}

function tick() {
  const quick = !document.hidden && Date.now() - active < 120000;
  for (const element of document.querySelectorAll("[data-poll]")) {
    if (!asked.has(element)) asked.set(element, Date.now());
    const seconds = Number(quick ? element.dataset.poll : element.dataset.pollSlow || 30);
    if (Date.now() - asked.get(element) < seconds * 1000 || isStill(element)) continue;
    asked.set(element, Date.now());
    window.htmx?.trigger(element, "poll");
  }
}

setInterval(tick, 1000);
