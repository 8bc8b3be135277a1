// Helps while writing: which commands there are, what the one being typed wants next, who "@" may mean. Imported by composer.js.

const MOST = 8;
let commands = null;

/** Attach suggestions to a textarea; `key` says whether it used up a key press. */
export function suggesting(words, room) {
  const list = document.getElementById("palette");
  const spoken = document.getElementById("explain");
  let options = [];
  let at = -1;
  let asked = 0;

  const before = () => words.value.slice(0, words.selectionStart);

  async function suggest() {
    const mine = ++asked;
    const typed = before();
    const mention = typed.match(/(?:^|\s)@([\p{L}\d._-]{1,30})$/u);
    if (mention) return offer(mine, await people(mention[1]));
    if (!typed.startsWith("/")) return close();
    commands ??= (await json(`/rooms/${room}/palette/?q=`)).map(tidy);
    const [verb] = typed.split(/\s/, 1);
    if (typed === verb) return offer(mine, matching(verb).map(commandLine));
    const command = commands.find((one) => one.verb === verb);
    return command && mine === asked ? explain(command, typed) : close();
  }

  function offer(mine, found) {
    if (mine !== asked) return;
    options = found;
    at = found.length ? 0 : -1;
    list.replaceChildren(...found.map((option, n) => row(option, n)));
    list.hidden = !found.length;
    mark();
  }

  function row({ draw, person }, n) {
    const item = document.createElement("li");
    item.id = `palette-${n}`;
    item.setAttribute("role", "option");
    item.toggleAttribute("data-person", person);
    item.append(...draw());
    item.onmousedown = (event) => {
      event.preventDefault();
      at = n;
      take();
    };
    return item;
  }

  function mark() {
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
    if (at < 0) return words.removeAttribute("aria-activedescendant");
    words.setAttribute("aria-activedescendant", `palette-${at}`);
    return list.children[at].scrollIntoView({ block: "nearest" });
  }

  function explain(command, typed) {
    options = [];
    at = -1;
    const now = parameter(command, typed);
    const item = Object.assign(document.createElement("li"), { className: "explain" });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.append(make("code", command.verb), " ");
    for (const one of command.params)
      item.append(make(one === now ? "b" : "i", one === command.params[0] ? one.label : `${one.name}:`), " ");
    const choices = now?.choices?.length ? ` ${now.choices.map((choice) => choice.label ?? choice).join(", ")}.` : "";
    item.append(make("span", `${command.help}${choices}`, "soft small"));
    if (command.example) item.append(make("code", command.example, "example"));
    list.replaceChildren(item);
    list.hidden = false;
    const said = now ? `${now.label}.${choices}` : "";
    if (spoken.textContent !== said) spoken.textContent = said;
    mark();
  }

  function take() {
    const start = before().length - options[at].typed.length;
    words.setRangeText(`${options[at].value} `, start, words.selectionStart, "end");
    words.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close() {
    options = [];
    at = -1;
    asked += 1;
    list.hidden = true;
    mark();
  }

  function key(event) {
    if (list.hidden || event.isComposing) return false;
    if (event.key === "Escape") close();
    else if (!options.length) return false;
    else if (event.key === "ArrowDown") at = (at + 1) % options.length;
    else if (event.key === "ArrowUp") at = (at - 1 + options.length) % options.length;
    else if (event.key === "Tab" && !event.shiftKey) take();
    else if (event.key === "Enter" && !event.shiftKey && before() !== options[at].value) take();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    if (event.key.startsWith("Arrow")) mark();
    return true;
  }

  words.setAttribute("aria-haspopup", "listbox");
  words.setAttribute("aria-autocomplete", "list");
  words.setAttribute("aria-controls", list.id);
  words.addEventListener("input", suggest);
  words.addEventListener("blur", close);
  return { key, close };
}

const tidy = (command) => ({ ...command, verb: `/${command.verb.replace(/^\//, "")}`, params: command.params ?? [] });

function matching(verb) {
  const first = commands.filter((one) => one.verb.startsWith(verb));
  const inside = commands.filter((one) => !first.includes(one) && one.verb.includes(verb.slice(1)));
  return [...first, ...inside].slice(0, MOST).map((one) => ({ one, typed: verb }));
}

function commandLine({ one, typed }) {
  const draw = () => {
    const name = document.createElement("span");
    name.append(make("code", one.verb), " ", make("i", one.hint ?? ""));
    return [name, make("span", one.help, "soft")];
  };
  return { value: one.verb, typed, draw, person: false };
}

async function people(typed) {
  const found = await json(`/people/suggest/?q=${encodeURIComponent(typed)}`);
  return found.slice(0, MOST).map((one) => ({
    value: `@${one.handle}`,
    typed: `@${typed}`,
    person: true,
    draw: () => {
      const face = make("span", one.initials ?? "", "avatar avatar-s");
      face.dataset.h = one.hue ?? "";
      face.setAttribute("aria-hidden", "true");
      const name = make("span", one.name);
      name.append(" ", make("i", `@${one.handle}`));
      return [face, name];
    },
  }));
}

/** The parameter whose words are being typed: after its own label, else the first. */
function parameter(command, typed) {
  const labels = [...typed.matchAll(/(?:^|\s)([\p{L}-]+):/gu)].map((match) => match[1]);
  return command.params.find((one) => one.name === labels.at(-1)) ?? command.params[0];
}

async function json(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  return response?.ok ? response.json() : [];
}

function make(tag, words, shade = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  if (shade) element.className = shade;
  return element;
}
