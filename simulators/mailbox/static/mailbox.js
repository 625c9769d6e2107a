// Tells when new mail has come; the list itself never moves under the reader.
const notice = document.querySelector("[data-fresh]");
let known;

async function look() {
  if (document.hidden) return;
  const answer = await fetch("/api/count").catch(() => null);
  if (!answer?.ok) return;
  const { newest } = await answer.json();
  known ??= newest;
  if (newest !== known) notice.hidden = false;
}

if (notice) {
  look();
  setInterval(look, 2000);
}
