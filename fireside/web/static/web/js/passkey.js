// Passkeys: asks the browser to make or show one, and sends what it answers with the form that waits for it.
const { create, get } = window.webauthnJSON;

async function options(form) {
  const given = document.getElementById("passkey-options");
  if (given) return JSON.parse(given.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The passkey's question was answered with ${answer.status}`);
  return answer.json();
}

async function ask(form) {
  const { creation_options: make, request_options: show } = await options(form);
  if (form.dataset.passkey === "get") return get(show);
  Object.assign(make.publicKey.authenticatorSelection, { residentKey: "required", requireResidentKey: true });
  return create(make);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector(".wrong");
    wrong.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch (error) {
      console.warn(error);
      wrong.hidden = false;
    }
  });
}
