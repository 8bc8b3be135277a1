// Reading on, earlier or later, without losing one's place: the links at both ends fetch themselves when they come near.
import { divide, morph, personal } from "./messages.js";

const list = document.getElementById("messages");

const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) more(entry.target);
}, { rootMargin: "400px 0px" });

const watch = () => document.querySelectorAll('a[data-more][rel="prev"], a[data-more][rel="next"]').forEach((link) => near.observe(link));

async function more(link) {
  near.unobserve(link);
  const response = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) return; // the link is still a link
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const found = page.getElementById("messages");
  const fresh = page.querySelector(`a[data-more][rel="${link.rel}"]`);
  const backwards = link.rel === "prev";
  const anchor = backwards ? list.querySelector(".msg") : null;
  const top = anchor?.getBoundingClientRect().top;
  place([...found.children], backwards);
  if (!backwards && "newest" in found.dataset) list.dataset.newest = "";
  if (fresh) link.replaceWith(fresh);
  else (link.closest(".more") ?? link).remove();
  if (anchor) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  watch();
}

function place(children, backwards) {
  const end = backwards ? list.firstElementChild : null;
  const added = [];
  for (const child of children) {
    const known = child.id && document.getElementById(child.id);
    if (known) morph(known, child);
    else if (child.dataset.id) added.push(list.insertBefore(child, end));
  }
  for (const article of added) personal(article);
  for (const article of list.querySelectorAll(":scope > [data-at]")) divide(article);
  for (const article of added) window.htmx?.process(article);
}

if (list) {
  list.querySelectorAll(":scope > [data-id]").forEach(personal);
  if (!location.hash && "newest" in list.dataset) {
    const unread = list.querySelector(".unread");
    if (unread) unread.scrollIntoView({ block: "center" });
    else scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  }
  watch();
}
