"""The pages for people: where everything is, and what was sent. Everything in them is escaped, mail is sandboxed."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from infra.local.emulator.outbox import Message

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; }
h1 { font-size: 1.4rem; margin: .5rem 0 1rem; }
a { color: inherit; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #8884; padding: .5rem .75rem .5rem 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; overflow-wrap: normal; }
small { opacity: .75; }
article { border: 1px solid #8884; border-radius: .9rem; margin: 0 0 1.25rem; padding: 1rem 1.25rem; }
article header { display: flex; flex-wrap: wrap; gap: 0 .75rem; opacity: .75; font-size: .85rem; }
article time { margin-left: auto; }
article h2 { font-size: 1.1rem; margin: .25rem 0 .75rem; }
.bubble { background: #2a6df4; border-radius: 1.1rem; color: #fff; display: inline-block; margin: .5rem 0;
  max-width: 90%; padding: .6rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.answer { background: #8883; color: inherit; }
.answers { text-align: right; }
form { display: flex; gap: .5rem; margin-top: .25rem; }
form input, form button { border: 1px solid #8888; border-radius: 1.1rem; font: inherit; padding: .35rem .9rem; }
form input { flex: 1; min-width: 0; }
form button { cursor: pointer; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0; }
iframe { background: #fff; border: 1px solid #8884; border-radius: .6rem; height: 28rem; width: 100%; }
summary { cursor: pointer; }
code { font-size: .9em; }
"""

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#1f4b99" '
    'd="M6 4h20a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H15l-8 6v-6H6a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4z"/></svg>'
)

#: Shows times as the reader's own, and asks every two seconds whether there is more: it draws anew only then, so that
#: what is being read stays open.
SCRIPT = """
const near = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "medium"});
for (const time of document.querySelectorAll("time")) time.textContent = near.format(new Date(time.dateTime));
let seen = document.body.dataset.count;
setInterval(async () => {
  try {
    const messages = await (await fetch("/mail.json", {cache: "no-store"})).json();
    if (String(messages.length) !== seen) location.reload();
  } catch (stopped) { /* the emulator is down; it may come back */ }
}, 2000);
"""


def _page(title: str, body: str, *, attributes: str = "", script: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>"
        f"<body{attributes}><h1>{html.escape(title)}</h1>{body}"
        f"{f'<script>{script}</script>' if script else ''}</body></html>"
    )


def index(base: str, stack: Mapping[str, Any]) -> str:
    """Return the page with all addresses and keys.

    Args:
        base: the address of the emulator.
        stack: what ``.local/stack.json`` holds; empty while a deployment runs.
    """
    rows = [
        ("Demo shop", f"{base}/demo", "a page with the embedded survey"),
        ("Mail and SMS", f"{base}/mail", "every message sent"),
        ("Scores", f"{base}/scores", "log in with the secret key below"),
        ("Surveys", f"{base}/staff/surveys", "write, try and publish them, with the same key"),
        ("OpenAPI", f"{base}/openapi", "the API, to try out"),
    ]
    table = "".join(
        f'<tr><td>{html.escape(name)}</td><td><a href="{html.escape(url)}">{html.escape(url)}</a><br>'
        f"<small>{html.escape(note)}</small></td></tr>"
        for name, url, note in rows
    )
    facts = {"api": f"{base}/v1/", **stack}
    table += "".join(
        f"<tr><td>{label}</td><td><code>{html.escape(str(facts[name]))}</code><br><small>{note}</small></td></tr>"
        for name, label, note in (
            ("api", "API", "every path wants a key"),
            ("survey_id", "Survey", "the one of the demo shop"),
            ("publishable_key", "Publishable key", "for pages: asks, and takes answers"),
            ("secret_key", "Secret key", "for servers: everything else"),
        )
        if name in facts
    )
    note = "" if stack else "<p>Being deployed: keys appear here in a moment.</p>"
    return _page("Hearback on this machine", f"<table>{table}</table>{note}")


def not_found(path: str) -> str:
    """Return what a mistyped address shows."""
    said = f'<p><code>{html.escape(path)}</code> is no page. <a href="/">All addresses</a></p>'
    return _page("Nothing is here", said)


def mail(messages: Sequence[Message]) -> str:
    """Return the page of sent messages, newest first."""
    body = "".join(_message(message) for message in reversed(messages))
    return _page(
        "Mail and SMS",
        body or "<p>Nothing was sent yet. Messages appear here by themselves.</p>",
        attributes=f' data-count="{len(messages)}"',
        script=SCRIPT,
    )


def _message(message: Message) -> str:
    channel = "SMS" if message["channel"] == "sms" else "E-mail"
    sender = f" <span>from {html.escape(message['from'])}</span>" if message["channel"] == "email" else ""
    at = html.escape(message["at"])
    head = (
        f"<b>{channel}</b>{sender} <span>to {html.escape(', '.join(message['to']))}</span>"
        f'<time datetime="{at}" title="{at}">{at[:10]} {at[11:19]} UTC</time>'
    )
    text = html.escape(message["text"])
    if message["channel"] == "sms":
        return (
            f'<article data-channel="sms"><header>{head}</header><div class="bubble">{text}</div>'
            f"{_answers(message)}</article>"
        )
    parts = f'<pre class="text">{text}</pre>'
    if message["html"]:
        # The sandbox runs no script, submits no form and reaches nothing of this page; links open in their own tab.
        content = html.escape(f'<base target="_blank">{message["html"]}')
        leave = "allow-popups allow-popups-to-escape-sandbox"
        frame = f'<iframe sandbox="{leave}" title="HTML part" srcdoc="{content}"></iframe>'
        parts = f"{frame}<details><summary>Text part</summary>{parts}</details>"
    return (
        f'<article data-channel="email"><header>{head}</header>'
        f"<h2>{html.escape(message['subject'])}</h2>{parts}</article>"
    )


def _answers(message: Message) -> str:
    """What was answered to an SMS, and a form to answer it as the phone that got it: STOP, START and HELP are heard."""
    bubbles = "".join(
        f'<div class="answers"><span class="bubble answer">{html.escape(text)}</span></div>'
        for text in message.get("answers", [])
    )
    return (
        f'{bubbles}<form method="post" action="/_hearback/sms-answer">'
        f'<input type="hidden" name="to" value="{html.escape(message["id"])}">'
        '<input name="text" aria-label="Answer this SMS" placeholder="Answer: STOP, START or HELP" required>'
        "<button>Answer</button></form>"
    )


def openapi() -> str:
    """Return Swagger UI over the committed OpenAPI document, from files on this machine alone."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Hearback API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/openapi/swagger-ui.min.css"></head><body><div id="swagger-ui"></div>'
        '<script src="/openapi/swagger-ui-bundle.min.js"></script>'
        '<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true});</script>'
        "</body></html>"
    )
