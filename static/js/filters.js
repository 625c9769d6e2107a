// [data-filter-list]: a search box narrows the options beside it. [data-autosubmit]: a changed control sends its form.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-filter-list]")) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const option of event.target.parentElement.querySelectorAll(".tick, .menu-item")) {
    option.hidden = !option.textContent.toLocaleLowerCase().includes(wanted);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-filter-list]")) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-autosubmit]")) event.target.form?.requestSubmit();
});
