// Files to send along: picked, pasted or dropped, listed by name until they are sent. Imported by composer.js.

export function choosing(form) {
  const input = form.elements.files;
  const list = document.getElementById("chosen");

  const put = (files) => {
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
    show();
  };
  const add = (files) => put([...input.files, ...files]);

  function show() {
    list.hidden = !input.files.length;
    list.replaceChildren(...[...input.files].map(line));
  }

  function line(file, at) {
    const item = document.createElement("li");
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.setAttribute("aria-label", `${form.dataset.remove} ${file.name}`);
    remove.onclick = () => put([...input.files].filter((_, n) => n !== at));
    item.append(`${file.name}, ${size(file.size)}`, remove);
    return item;
  }

  form.querySelector("[data-files]").addEventListener("click", () => input.click());
  input.addEventListener("change", show);
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  for (const name of ["dragover", "dragleave", "drop"])
    form.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      form.toggleAttribute("data-drop", name === "dragover");
      if (name === "drop") add(event.dataTransfer.files);
    });

  return { any: () => input.files.length > 0, clear: () => put([]) };
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
