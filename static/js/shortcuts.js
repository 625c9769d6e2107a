// "/" and Ctrl-K to the search, "g" and a letter to a place ([data-go]), "?" shows them all.
import { typing } from "./typing.js";

let going = 0;

function search() {
  const box = document.querySelector("[data-search]") || document.querySelector("main input[type=search]");
  box?.focus();
  box?.select();
  return Boolean(box);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && search()) return event.preventDefault();
  if (typing(event)) return;
  const follows = going > 0 && event.timeStamp - going < 1500;
  going = 0;
  if (follows) document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click();
  else if (event.key === "g") going = event.timeStamp;
  else if (event.key === "/" && search()) event.preventDefault();
  else if (event.key === "?") document.getElementById("shortcuts")?.showModal();
});
