// [data-insert="[[[NAME]]]" data-into=id] puts its text at the cursor of that field, or of the one used last.
import "./preview.js";
let last;

document.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea, input[type=text], input:not([type])")) last = event.target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const named = (button.dataset.into || "").split(" ").map((id) => document.getElementById(id)).filter(Boolean);
  const field = named.includes(last) || !named.length ? last : named[0];
  if (!field) return;
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
