// The box in the head is a combobox over the panel that htmx fills: arrows mark an option, Enter opens it, Escape closes.
const box = document.querySelector("[data-search]");
const place = document.getElementById("search-place");
const options = () => [...place.querySelectorAll("[role=option]")];
const marked = () => place.querySelector("[aria-selected=true]");

function mark(option) {
  marked()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
}

function close() {
  place.replaceChildren();
  mark();
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-controls");
}

function opened() {
  mark();
  const list = document.getElementById("search-list");
  box.setAttribute("aria-expanded", String(Boolean(list)));
  if (list) box.setAttribute("aria-controls", list.id);
  if (document.activeElement !== box) close();
}

function keys(event) {
  if (event.key === "Escape" && place.hasChildNodes()) close();
  else if (event.key === "Enter" && marked()) marked().click();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = options();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = all.indexOf(marked());
    mark(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length]);
  } else return;
  event.preventDefault();
}

if (box && place) {
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-expanded", "false");
  box.addEventListener("keydown", keys);
  place.addEventListener("mousedown", (event) => event.preventDefault());
  document.addEventListener("htmx:after:swap", () => opened());
  box.addEventListener("input", () => box.value.trim().length < 2 && close());
  box.addEventListener("blur", () => close());
}
