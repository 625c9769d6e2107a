// [data-dialog=id] opens <dialog id>, [data-close] closes it; without script the link leads to the confirm page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    const menu = opener.closest("details[data-menu]");
    if (menu) menu.open = false;
    dialog.showModal();
  } else if (event.target.closest("dialog [data-close]") || event.target.matches("dialog")) {
    event.target.closest("dialog").close();
  }
});
