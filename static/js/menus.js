// <details data-menu>: one open at a time, closes on Escape and outside, arrows move, never cut off by a scroll box.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

function place(menu) {
  const panel = menu.querySelector(".menu-panel");
  const box = menu.closest(".table-scroll");
  if (!panel || !box) return;
  const at = menu.querySelector("summary").getBoundingClientRect();
  panel.style.position = "fixed";
  panel.style.right = `${document.documentElement.clientWidth - at.right}px`;
  const below = at.bottom + 4 + panel.offsetHeight <= innerHeight;
  panel.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - 4 - panel.offsetHeight)}px`;
}

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu]") || !menu.open) return;
  for (const other of openMenus()) if (other !== menu && !other.contains(menu)) other.open = false;
  place(menu);
}, true);

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const items = [...menu.querySelectorAll(".menu-panel :is(a, button, input)")].filter((i) => i.offsetParent);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = items[items.indexOf(document.activeElement) + step];
    (next || (step > 0 ? items[0] : items.at(-1)))?.focus();
    event.preventDefault();
  }
});

const closeFloating = () => openMenus().forEach((menu) => menu.closest(".table-scroll") && (menu.open = false));
addEventListener("resize", closeFloating);
addEventListener("scroll", closeFloating, { passive: true });
