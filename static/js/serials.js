// form[data-serials]: counts what is typed ([data-serial-count]), adds one serial to the list ([data-serial-add=field]).
const pieces = (text) => new Set(text.toUpperCase().split(/[,;\s]+/).filter(Boolean));

function count(form) {
  const shown = form.querySelector("[data-serial-count]");
  shown.textContent = Number(shown.dataset.listed) + pieces(form.elements.serials.value).size;
}

function add(form, name) {
  const one = form.elements[name];
  const typed = one.value.replace(/\s+/g, "").toUpperCase();
  if (typed) form.elements.serials.value = [form.elements.serials.value.trim(), typed].filter(Boolean).join("\n");
  one.value = "";
  one.focus();
  count(form);
}

document.addEventListener("input", (event) => event.target.matches("[data-serials] [name=serials]") && count(event.target.form));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-serial-add]");
  if (!button) return;
  event.preventDefault();
  add(button.form, button.dataset.serialAdd);
});
