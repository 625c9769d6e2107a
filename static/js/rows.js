// j and k walk the rows of the list, Enter opens, x ticks. Rows of table.table whose name is a link.
import { typing } from "./typing.js";

const rows = () => [...document.querySelectorAll("main .table tbody tr")].filter((row) => row.querySelector(".col-name a"));

function move(step) {
  const all = rows();
  if (!all.length) return;
  const current = all.findIndex((row) => row.classList.contains("is-current"));
  const next = all[Math.min(Math.max(current + step, 0), all.length - 1)];
  all[current]?.classList.remove("is-current");
  next.classList.add("is-current");
  next.querySelector(".col-name a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (typing(event)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x") document.querySelector("tr.is-current [data-bulk-row]")?.click();
});
