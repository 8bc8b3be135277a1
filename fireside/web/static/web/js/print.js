// A button that prints; without a script there is none, and the browser's own menu does the same.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
