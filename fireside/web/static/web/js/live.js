// What others do appears here as they do it: one stream for the page.
import { land, listFor, morph, nearEnd, parse, personal, toEnd, token } from "./messages.js";

const page = document.body.dataset;
const PATIENCE = 5000;
const PAUSE = 1000;
let last = page.since || "0";
let failures = 0;
let alarm = 0;
let due = 0;
let refreshed = 0;
let newer = 0;
let fresh = null;
let reading = 0;

function listen() {
  const address = `/events?topics=${encodeURIComponent(page.topics)}&since=${encodeURIComponent(last)}`;
  const stream = new EventSource(address);
  const on = (name, act) =>
    stream.addEventListener(name, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      act(event.data ? JSON.parse(event.data) : {});
    });
  stream.onopen = connected;
  stream.onerror = () => {
    alarm ||= setTimeout(() => (document.getElementById("offline").hidden = false), PATIENCE);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, Math.min(1000 * 2 ** failures++, 30000));
  };
  on("message", message);
  on("unread", unread);
  on("story", refresh);
  on("home", refresh);
  on("gone", again);
  addEventListener("pagehide", () => stream.close(), { once: true });
}

function connected() {
  clearTimeout(alarm);
  alarm = failures = 0;
  document.getElementById("offline").hidden = true;
}

function message({ kind, room, thread, html }) {
  const article = parse(html || "")[0];
  if (!article) return;
  if (document.getElementById(article.id)) {
    personal(article);
    morph(document.getElementById(article.id), article);
    return;
  }
  const list = listFor(room, thread);
  if (kind !== "said" || !list || !("newest" in list.dataset)) return;
  const follow = nearEnd();
  if (!land(article, list) || thread) return;
  fresh = list;
  if (follow) toEnd();
  else pill(list, ++newer);
  seen();
}

/** Words that arrive while someone looks at the newest end of a room count as read, a moment later. */
function seen() {
  if (!fresh || document.visibilityState !== "visible" || !nearEnd()) return;
  clearTimeout(reading);
  reading = setTimeout(() => {
    const newest = [...fresh.querySelectorAll(":scope > [data-id]")].pop();
    const data = new URLSearchParams({ message: newest.dataset.id, csrfmiddlewaretoken: token() });
    fetch(`/rooms/${fresh.dataset.room}/read/`, { method: "POST", body: data, keepalive: true }).catch(() => {}); // the next page view says it too
    fresh = null;
  }, PAUSE);
}

document.addEventListener("visibilitychange", seen);

/** Readers further up stay where they are, and learn that there is more below. */
function pill(list, count) {
  const button = document.querySelector(".newer") || Object.assign(document.createElement("button"), { type: "button", className: "newer" });
  button.textContent = `${count} new`;
  button.onclick = toEnd;
  list.after(button);
}

addEventListener("scroll", () => {
  seen();
  if (!newer || !nearEnd()) return;
  newer = 0;
  document.querySelector(".newer")?.remove();
}, { passive: true });

function unread({ room, unread: count }) {
  const line = document.querySelector(`#my-rooms a[data-room="${CSS.escape(room)}"]`);
  if (!line || (line.hasAttribute("aria-current") && document.visibilityState === "visible")) return;
  line.toggleAttribute("data-new", count > 0);
  const badge = line.querySelector(".n");
  if (!badge.querySelector(".dot")) badge.textContent = count || "";
}

/** Ask for the page again, at most once a second however much happens, and never all readers at once. */
function refresh() {
  if (due || !document.querySelector("[data-live]")) return;
  const wait = Math.max(0, refreshed + PAUSE - Date.now()) + Math.random() * 300;
  due = setTimeout(async () => {
    due = 0;
    refreshed = Date.now();
    const response = await fetch(location.href, { headers: { "X-Fireside-Live": "1", Accept: "text/html" } }).catch(() => null);
    if (response?.redirected || response?.status === 403 || response?.status === 404) again();
    else if (response?.ok) renew(new DOMParser().parseFromString(await response.text(), "text/html"));
  }, wait);
}

/** Load the page anew by address, so that nothing is ever posted twice. */
function again() {
  location.replace(location.pathname + location.search);
}

function renew(fresh) {
  for (const part of document.querySelectorAll("[data-live][id]")) {
    if (part.parentElement.closest("[data-live][id]")) continue;
    const other = fresh.getElementById(part.id);
    if (other) morph(part, other);
    else part.remove();
  }
}

if (page.topics) listen();
