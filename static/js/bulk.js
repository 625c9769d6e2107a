// Ticked rows ([data-bulk-row]) show the bar ([data-bulk-bar]) with their number ([data-bulk-count]); [data-bulk-all] ticks all.
const rows = () => [...document.querySelectorAll("[data-bulk-row]")];
let last;

function show() {
  const ticked = rows().filter((box) => box.checked);
  for (const box of rows()) box.closest("tr")?.classList.toggle("is-selected", box.checked);
  for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
    bar.hidden = ticked.length === 0;
    for (const count of bar.querySelectorAll("[data-bulk-count]")) count.textContent = ticked.length;
  }
  for (const all of document.querySelectorAll("[data-bulk-all]")) {
    all.checked = ticked.length > 0 && ticked.length === rows().length;
    all.indeterminate = ticked.length > 0 && !all.checked;
  }
}

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-bulk-row]")) {
    const all = rows();
    const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const box of all.slice(from, to + 1)) box.checked = event.target.checked;
    last = event.target;
    show();
  } else if (event.target.matches("[data-bulk-all]")) {
    for (const box of rows()) box.checked = event.target.checked;
    show();
  } else if (event.target.closest("[data-bulk-clear]")) {
    for (const box of rows()) box.checked = false;
    show();
  }
});

document.addEventListener("htmx:after:swap", show);
addEventListener("pageshow", show);
