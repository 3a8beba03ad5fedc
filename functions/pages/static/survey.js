"use strict";
/* The page behind a survey link: a rating is saved when it is pressed, the rest with "Send".
 *
 * Every save is the complete answer, under the link's one response_id, or under one that this tab keeps. The page
 * remembers nothing else, and the link may be opened twice, so revisions are milliseconds: the later answer wins.
 *
 * Programs open the links of e-mails, run scripts, and submit forms. So only a press that the browser calls trusted
 * saves anything; and where the page was given a nonce, only one that comes when a person can have seen the page.
 */
(() => {
  const SETTLED = 600; // milliseconds a choice must stand: arrow keys pass over ratings that are not meant
  const LONGEST_WAIT = 60; // seconds
  const form = document.querySelector("form");
  const send = form.querySelector("button");
  const said = form.querySelector("[role=status]");
  const confirm = document.getElementById("confirm"); // a rating of an e-mail is chosen, and not given yet
  const { to, views, response, nonce, old, saving, saved, again, refused, choose } = form.dataset;
  const SEEN = nonce ? 500 : 0; // milliseconds that a person needs to see what there is to press
  const opened = performance.now();
  let pressedAfter = 0; // milliseconds from then to the latest press

  // Random UUID, version 4; crypto.randomUUID is missing on pages without https.
  const uuid = () =>
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    );

  // Everybody's link: the id is made here, and a reload is the same answer.
  const kept = () => {
    const name = `hearback:${location.pathname}`;
    let id = uuid();
    try {
      id = sessionStorage.getItem(name) || id;
      sessionStorage.setItem(name, id);
    } catch {} // nothing may be stored: it is the same answer until the page is loaded again
    return id;
  };
  const who = response ? { response_id: response } : { response_id: kept(), source: "link" };

  let revision = 0;
  let unsaved = null; // the latest answer that the server has not confirmed
  let tries = 0;
  let timer;

  // A follow-up is shown, and its answer sent, where the first rating lies in one of its bands.
  const followUps = form.querySelectorAll("[data-bands]");
  const follow = () => {
    const band = form.querySelector("[data-band]:checked")?.dataset.band;
    for (const each of followUps) each.hidden = !each.dataset.bands.split(" ").includes(band);
  };
  form.addEventListener("change", follow);
  follow();

  const answer = () => {
    const answers = {};
    const given = [...form.querySelectorAll("input:checked, textarea[name]")].filter((field) => !field.closest("[hidden]"));
    for (const { name, type, value } of given) {
      if (type === "radio") answers[name] = Number(value);
      else if (value.trim()) answers[name] = value.trim();
    }
    const comment = form.querySelector("#comment").value.trim();
    revision = Math.max(revision + 1, Date.now());
    const proof = nonce && { proof: { nonce, pressed_after_ms: pressedAfter } };
    return { ...who, revision, locale: document.documentElement.lang, answers, ...(comment && { comment }), ...proof };
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
      said.textContent = nonce && status === 403 ? old : refused;
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
    if (!(await post(answer()))) return;
    said.textContent = saved;
    if (confirm) confirm.hidden = true;
  };

  // What a script presses is not trusted, nor is what follows from it.
  const isPress = ({ isTrusted }) => {
    const after = Math.floor(performance.now() - opened);
    if (!isTrusted || after < SEEN) return false;
    pressedAfter = after;
    view.started = true;
    return true;
  };

  // That the page was seen is told when it goes out of sight, if the survey counts views at all; of a page behind an
  // e-mail's rating only if somebody pressed, for robots see it too.
  const view = { view_id: uuid(), channel: "link", started: false };
  let told;
  addEventListener("visibilitychange", () => {
    const text = JSON.stringify(view);
    if (!views || !document.hidden || (nonce && !view.started) || text === told) return;
    told = text;
    fetch(views, { method: "POST", body: text, headers: { "content-type": "text/plain" }, keepalive: true }).catch(() => {});
  });

  let settling = null;
  const settle = (event) => {
    if (!isPress(event)) return;
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = null;
      save();
    }, SETTLED);
  };
  form.addEventListener("click", (event) => event.target.type === "radio" && settle(event));
  // Browsers make no click of a space bar on a rating that is chosen already, as it is behind an e-mail's rating.
  form.addEventListener("keydown", (event) => event.key === " " && event.target.checked && settle(event));

  const saveNow = () => {
    if (settling === null) return;
    clearTimeout(settling);
    settling = null;
    save();
  };
  addEventListener("pagehide", saveNow);

  // A submit event is trusted even when a script clicked the button; the click before it tells.
  let pressed = false;
  send.addEventListener("click", (event) => (pressed = isPress(event)));
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
  if (confirm) confirm.hidden = false;
  setTimeout(() => (send.disabled = false), SEEN);
})();
