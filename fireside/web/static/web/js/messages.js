// Where messages land: known ones change in place, new ones take their turn by id. Imported, never loaded by itself.

const body = document.body.dataset;
const zone = body.zone || undefined;
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: zone });
const date = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: zone });

export const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
export const nearEnd = () => document.documentElement.scrollHeight - (scrollY + innerHeight) < 160;
export const toEnd = () => scrollTo({ top: document.documentElement.scrollHeight });

/** The elements a piece of HTML holds. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

/** Make `old` like `fresh` without disturbing what someone writes, has unfolded or has open. */
export function morph(old, fresh) {
  window.Idiomorph.morph(old, fresh, {
    morphStyle: "outerHTML",
    ignoreActiveValue: true,
    callbacks: { beforeNodeMorphed: undisturbed },
  });
}

function undisturbed(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) return true;
  if (old.matches("details[open]") && fresh.setAttribute) fresh.setAttribute("open", "");
  return !old.matches("dialog[open], [data-busy]");
}

/** The list on this page that a message of `room` (and `thread`, when it is a reply) belongs to. */
export function listFor(room, thread) {
  if (thread) return document.querySelector(`[data-thread="${Number(thread)}"]`);
  return document.querySelector(`#messages[data-room="${CSS.escape(room)}"]:not([data-thread])`);
}

/** Put an article where it belongs; true when it is new on this page. */
export function land(article, list) {
  personal(article);
  const known = document.getElementById(article.id);
  if (known) {
    morph(known, article);
    return false;
  }
  let after = list.lastElementChild;
  while (after && !(Number(after.dataset.id) < Number(article.dataset.id))) after = after.previousElementSibling;
  if (after) after.after(article);
  else list.prepend(article);
  window.htmx?.process(article);
  divide(article);
  divide(next(article));
  return true;
}

/** One drawing is sent to everybody; what depends on the reader is filled in here. */
export function personal(article) {
  article.classList.toggle("mine", article.dataset.author === body.me);
  for (const time of article.querySelectorAll(".msg-top time[datetime]"))
    time.textContent = clock.format(new Date(time.dateTime)).replace(/^0(?=\d)/, "");
  for (const clap of article.querySelectorAll("button[data-by]"))
    clap.setAttribute("aria-pressed", String(clap.dataset.by.split(" ").includes(body.me)));
  for (const form of article.querySelectorAll('form[method="post"]')) sign(form);
}

function sign(form) {
  let field = form.querySelector('input[name="csrfmiddlewaretoken"]');
  if (!field) {
    field = Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken" });
    form.prepend(field);
  }
  field.value = token();
}

const next = (element) => walk(element, "nextElementSibling");
const previous = (element) => walk(element, "previousElementSibling");

function walk(element, way) {
  let other = element?.[way];
  while (other && !other.dataset.at) other = other[way];
  return other;
}

/** A line with the date stands before the first message of each of the reader's days. */
export function divide(article) {
  if (!article) return;
  const before = previous(article);
  const needed = !before || day(before) !== day(article);
  const line = dividerBefore(article);
  if (line && !needed) line.remove();
  if (!line && needed) article.before(Object.assign(document.createElement("div"), { className: "day", textContent: day(article) }));
}

function dividerBefore(article) {
  let other = article.previousElementSibling;
  while (other && !other.dataset.at && !other.matches(".day")) other = other.previousElementSibling;
  return other?.matches(".day") ? other : null;
}

function day(article) {
  const part = Object.fromEntries(date.formatToParts(new Date(article.dataset.at)).map((p) => [p.type, p.value]));
  return language.startsWith("en") ? `${part.weekday} ${part.day} ${part.month}` : date.format(new Date(article.dataset.at));
}
