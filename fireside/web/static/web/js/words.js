// A gentle thought while writing: looked up here in the page, never sent, never stored, easily left alone.

const PAUSE = 500;
let patterns = null;

async function gentle(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  const list = response?.ok ? await response.json() : [];
  return list.map((one) => ({ ...one, pattern: new RegExp(one.pattern, "iu") }));
}

function attend(field) {
  const place = document.createElement("div");
  place.setAttribute("aria-live", "polite");
  field.after(place);
  let waiting = 0;
  let shown = "";

  async function look() {
    patterns ??= gentle(field.dataset.gentleUrl);
    const found = (await patterns)
      .map((one) => ({ ...one, phrase: field.value.match(one.pattern)?.[0] }))
      .find((one) => one.phrase);
    const next = found ? `${found.phrase}\n${found.ask}` : "";
    if (next === shown) return;
    shown = next;
    place.replaceChildren(...(found ? [card(found)] : []));
  }

  function card({ phrase, ask, perhaps }) {
    const box = make("div", "", "hint hint-inline");
    const thought = make("p", "");
    thought.append("“", make("strong", phrase), "” ", ask);
    const keep = make("button", field.dataset.keep || "Keep my words", "btn btn-s btn-bare");
    keep.type = "button";
    keep.onclick = leave;
    box.append(thought);
    if (perhaps) box.append(make("em", perhaps));
    box.append(keep);
    return box;
  }

  function leave() {
    clearTimeout(waiting);
    field.removeEventListener("input", soon);
    place.remove();
    field.focus();
  }

  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  }

  field.addEventListener("input", soon);
  if (field.value) soon();
}

function make(tag, words, shade = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  if (shade) element.className = shade;
  return element;
}

document.querySelectorAll("textarea[data-gentle], input[data-gentle]").forEach(attend);
