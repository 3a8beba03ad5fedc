"use strict";
/* The page behind a survey link: a rating is saved when it is chosen, the rest with "Send".
 *
 * Every save is the complete answer, under the link's one response_id. The page remembers nothing, and the link may be
 * opened twice, so revisions are milliseconds: the later answer wins.
 */
(() => {
  const SETTLED = 600; // milliseconds a choice must stand: arrow keys pass over ratings that are not meant
  const LONGEST_WAIT = 60; // seconds
  const form = document.querySelector("form");
  const send = form.querySelector("button");
  const said = form.querySelector("[role=status]");
  const { to, response, saving, saved, again, refused, choose } = form.dataset;

  let revision = 0;
  let unsaved = null; // the latest answer that the server has not confirmed
  let tries = 0;
  let timer;

  const answer = () => {
    const answers = {};
    for (const { name, value } of form.querySelectorAll("input:checked")) answers[name] = Number(value);
    for (const { name, value } of form.querySelectorAll("textarea[name]")) if (value.trim()) answers[name] = value.trim();
    const comment = form.querySelector("#comment").value.trim();
    revision = Math.max(revision + 1, Date.now());
    return { response_id: response, revision, locale: document.documentElement.lang, answers, ...(comment && { comment }) };
  };

  const post = async (body) => {
    clearTimeout(timer);
    unsaved = body;
    const request = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "text/plain" } };
    const { ok, status } = await fetch(to, { ...request, keepalive: true }).catch(() => ({ ok: false, status: 0 }));
    if (unsaved !== body) return false; // a newer answer is under way
    if (ok) {
      unsaved = null;
      tries = 0;
      return true;
    }
    if (status && status < 500 && status !== 408 && status !== 429) {
      unsaved = null;
      said.textContent = refused;
      return false;
    }
    said.textContent = again;
    const wait = Math.min(LONGEST_WAIT, 2 ** tries++) * 1000;
    return new Promise((resolve) => {
      timer = setTimeout(() => resolve(unsaved === body && post(body)), wait);
    });
  };

  const save = async () => {
    said.textContent = saving;
    if (await post(answer())) said.textContent = saved;
  };

  // Only what a person did counts: a click that a script made is not trusted (the change that follows it would be).
  let settling = null;
  form.addEventListener("click", ({ target, isTrusted }) => {
    if (!isTrusted || target.type !== "radio") return;
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = null;
      save();
    }, SETTLED);
  });

  const saveNow = () => {
    if (settling === null) return;
    clearTimeout(settling);
    settling = null;
    save();
  };
  addEventListener("pagehide", saveNow);

  // A submit event is trusted even when a script clicked the button; the click before it tells.
  let pressed = false;
  send.addEventListener("click", ({ isTrusted }) => (pressed = isTrusted));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!pressed) return;
    pressed = false;
    clearTimeout(settling);
    settling = null;
    if (!form.querySelector("input:checked")) {
      said.textContent = choose;
      form.querySelector("input").focus();
      return;
    }
    send.disabled = true;
    said.textContent = saving;
    if (await post(answer())) {
      const thanks = document.getElementById("thanks");
      form.hidden = true;
      thanks.hidden = false;
      thanks.focus();
    }
    send.disabled = false;
  });

  document.getElementById("no-script").hidden = true;
  send.disabled = false;
})();
