// Keys that help: "/" to write or search, "g" and a letter to go, "?" for the list. Never while someone is typing.

const PAUSE = 1200;
let going = 0;

const typing = (element) => element.closest("input, textarea, select, [contenteditable], dialog[open]");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (Date.now() - going < PAUSE && go(event.key)) event.preventDefault();
  else if (event.key === "g") going = Date.now();
  else if (event.key === "/") write(event);
  else if (event.key === "?") document.getElementById("keys")?.showModal();
});

/** The first place of the rail whose name begins with the letter. */
function go(letter) {
  going = 0;
  const link = /^[a-z]$/.test(letter) && document.querySelector(`[data-go^="${letter}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function write(event) {
  event.preventDefault();
  const field = document.getElementById("say") || document.querySelector('input[type="search"]');
  if (field) field.focus();
  else location.assign(document.querySelector("[data-search]").href);
}
