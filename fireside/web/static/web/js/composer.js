// Writing in a room: grows with the words, keeps drafts, sends without leaving the page, loses nothing.
import { choosing } from "./files.js";
import { land, listFor, parse, toEnd, token } from "./messages.js";
import { suggesting } from "./palette.js";

const form = document.getElementById("composer");
const touch = matchMedia("(pointer: coarse)").matches;
const DRAFT = 800;

function compose() {
  const words = document.getElementById("say");
  const notice = document.getElementById("composer-notice");
  const whispers = document.getElementById("whispers");
  const room = form.dataset.room;
  const files = choosing(form);
  const palette = suggesting(words, room);
  let draft = 0;
  let busy = false;

  const grow = () => {
    words.style.blockSize = "auto"; // through the object model, which the content policy allows
    words.style.blockSize = `${words.scrollHeight}px`;
    words.toggleAttribute("data-command", words.value.startsWith("/"));
  };

  const keep = () => {
    const data = new URLSearchParams({ words: words.value, csrfmiddlewaretoken: token() });
    if (form.elements.thread) data.set("thread", form.elements.thread.value);
    fetch(`/rooms/${room}/draft/`, { method: "POST", body: data, keepalive: true }).catch(() => {}); // the words are still here
  };

  words.addEventListener("input", () => {
    grow();
    clearTimeout(draft);
    draft = setTimeout(keep, DRAFT);
  });
  words.addEventListener("keydown", (event) => {
    if (palette.key(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !touch) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (words.value.trim() || files.any()) send(form, event.submitter);
  });
  notice.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert], [data-close]");
    if (button?.dataset.insert) insert(button.dataset.insert);
    else if (button) button.closest(".whisper")?.remove();
  });

  function insert(sign) {
    words.focus();
    if (sign === "/") words.value = words.value.startsWith("/") ? words.value : `/${words.value}`;
    else words.setRangeText(/(^|\s)$/.test(words.value.slice(0, words.selectionStart)) ? sign : ` ${sign}`, words.selectionStart, words.selectionEnd, "end");
    words.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function send(asked, submitter) {
    if (busy) return;
    busy = true;
    palette.close();
    form.setAttribute("aria-busy", "true");
    const sent = words.value;
    const headers = { Accept: "text/html", "HX-Request": "true" };
    try {
      const response = await fetch(asked.action, { method: "POST", body: new FormData(asked, submitter), headers });
      const html = await response.text();
      if (response.headers.get("HX-Redirect")) location.assign(response.headers.get("HX-Redirect"));
      else if (response.ok) done(sent, html);
      else if (response.status === 422) correct(html);
      else trouble(response.status === 503 ? form.dataset.away : form.dataset.refused, asked);
      window.htmx?.process(notice);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      trouble(form.dataset.lost, asked);
    } finally {
      busy = false;
      form.removeAttribute("aria-busy");
    }
  }

  function done(sent, html) {
    clearTimeout(draft);
    notice.replaceChildren();
    whispers.replaceChildren();
    for (const element of parse(html)) {
      const list = listFor(room, form.elements.thread?.value);
      if (!element.matches(".msg")) whispers.append(element);
      else if (list && "newest" in list.dataset) land(element, list);
      else location.assign(`#${element.id}`);
    }
    words.value = words.value.startsWith(sent) ? words.value.slice(sent.length) : words.value; // what was typed meanwhile stays
    files.clear();
    form.elements.key.value = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    grow();
    toEnd();
  }

  function correct(html) {
    whispers.replaceChildren();
    notice.replaceChildren(...parse(html));
    notice.querySelector("[aria-invalid=true], [autofocus]")?.focus();
  }

  function trouble(sentence, asked) {
    if (asked === form) notice.replaceChildren();
    const box = document.createElement("div");
    box.className = "whisper whisper-wrong";
    const text = Object.assign(document.createElement("p"), { textContent: sentence });
    const again = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-s", textContent: form.dataset.again });
    again.onclick = () => send(asked);
    box.append(document.createElement("span"), text, again);
    whispers.replaceChildren(box);
  }

  grow();
}

if (form) compose();
