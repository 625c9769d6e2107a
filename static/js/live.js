// Says a sentence to screen readers: dispatch "outpost:say" with the text as detail.
document.addEventListener("outpost:say", (event) => {
  const region = document.getElementById("live");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => (region.textContent = event.detail), 50);
});
