// [data-password-rules=id]: ticks off the parts of the password rule while one types in the field with that id.
const RULES = {
  length: (text) => [...text].length >= 12,
  upper: (text) => /\p{Lu}/u.test(text),
  lower: (text) => /\p{Ll}/u.test(text),
  digit: (text) => /\p{Nd}/u.test(text),
  special: (text) => /[^\p{L}\p{Nd}]/u.test(text),
};
let saying;

document.addEventListener("input", (event) => {
  const list = event.target.id && document.querySelector(`[data-password-rules="${CSS.escape(event.target.id)}"]`);
  if (!list) return;
  const missing = [];
  for (const item of list.querySelectorAll("[data-rule]")) {
    const met = RULES[item.dataset.rule](event.target.value);
    item.classList.toggle("met", met);
    if (!met) missing.push(item.textContent);
  }
  const words = missing.length ? `${list.dataset.missing} ${missing.join(", ")}` : list.dataset.complete;
  clearTimeout(saying);
  saying = setTimeout(() => document.dispatchEvent(new CustomEvent("outpost:say", { detail: words })), 900);
});
