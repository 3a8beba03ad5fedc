"""The `ops` command line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from infra.ops import brands, erasure, links, record_commands, redrive, surveys, webhooks
from infra.ops import export as exporting
from infra.ops import keys as api_keys
from infra.ops.definitions import DefinitionError
from infra.ops.progress import progress_bar
from infra.stack import QUEUES, Stack, StackError, aws_stack, local_stack
from shared.domain.api_keys import KeyKind
from shared.domain.tracking.providers import Provider
from shared.errors import HearbackError, InvalidRequestError
from shared.http import invalid
from shared.storage.api_keys import ApiKeyRepository

DEFAULT_RATE = 50
SHOWN_HASH = 8
"""Digits of a key's hash: enough to tell keys apart, and what `ops keys revoke` is given."""


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Run one command; 0 when it did what it was asked, 1 when it could not, 2 when it was asked wrongly."""
    out = console or Console()
    chosen = parser().parse_args(arguments)
    try:
        stack = local_stack() if chosen.local else aws_stack(chosen.stack)
        run: Callable[[argparse.Namespace, Stack, Console], int] = chosen.run
        return run(chosen, stack, out)
    except ValidationError as error:
        _complain_of_fields(out, invalid(error))
    except InvalidRequestError as error:
        _complain_of_fields(out, error)
    except (StackError, HearbackError, DefinitionError, webhooks.SecretError, *record_commands.FAULTS) as error:
        _complain(out, str(error))
    except (ClientError, BotoCoreError) as error:
        _complain(out, f"AWS refused: {error}")
    return 1


def _complain(out: Console, sentence: str) -> None:
    # As it is: a pattern's brackets are no markup, and whoever copies a line wants it whole.
    out.print(sentence, style="red", markup=False, highlight=False, soft_wrap=True)


def _complain_of_fields(out: Console, error: InvalidRequestError) -> None:
    for path, messages in error.errors.items():
        _complain(out, f"{path}: {'; '.join(messages)}")
    if not error.errors:
        _complain(out, error.detail)


def parser() -> argparse.ArgumentParser:
    """Every command and its arguments."""
    root = argparse.ArgumentParser(prog="ops", description="What the people do who run Hearback.")
    where = root.add_mutually_exclusive_group()
    where.add_argument("--stack", default="hearback", help="the stack on AWS (default: hearback)")
    where.add_argument("--local", action="store_true", help="the stack that `make up` started here")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _keys_parser(commands.add_parser("keys", help="keys to the API"))
    _surveys_parser(commands.add_parser("surveys", help="survey definitions"))
    _brands_parser(commands.add_parser("brands", help="brands: how messages look, what they tell, and when"))
    _links_parser(commands.add_parser("links", help="keys that sign survey links"))
    _webhooks_parser(commands.add_parser("webhooks", help="secrets with which webhooks are signed"))
    _erasure_parser(commands.add_parser("erasure", help="erasing people"))
    _queue_parser(commands.add_parser("queue", help="look into queues"))
    _redrive_parser(commands.add_parser("redrive", help="put dead letters back on their queue"))
    record_commands.add_to(commands)
    return root


def _keys_parser(keys: argparse.ArgumentParser) -> None:
    actions = keys.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name", help="whose key it is, such as web-shop; two may be live at once, to rotate")
    create.add_argument("--kind", type=KeyKind, choices=list(KeyKind), default=KeyKind.SECRET)
    create.add_argument("--survey", help="the survey of a publishable key; the default survey of a secret one")
    create.add_argument("--origin", action="append", default=[], help="a page's origin, may be repeated")
    create.set_defaults(run=_create_key)
    actions.add_parser("list", help="every key, without the key").set_defaults(run=_list_keys)
    revoke = actions.add_parser("revoke", help="end a key; pages and servers notice within a minute")
    revoke.add_argument("name")
    revoke.add_argument("hash", help="the beginning of its hash, as `ops keys list` shows it")
    revoke.set_defaults(run=_revoke_key)


def _surveys_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    publish = actions.add_parser("publish", help="publish a definition as the survey's next version")
    publish.add_argument("file", type=Path, help="a JSON or YAML file")
    publish.set_defaults(run=_publish_survey)
    show = actions.add_parser("show", help="the current definition")
    show.add_argument("survey_id")
    show.set_defaults(run=_show_survey)


def _brands_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    publish = actions.add_parser("publish", help="publish a definition as the brand's next version")
    publish.add_argument("file", type=Path, help="a JSON or YAML file")
    publish.set_defaults(run=_publish_brand)
    show = actions.add_parser("show", help="the current definition")
    show.add_argument("brand_id")
    show.set_defaults(run=_show_brand)
    actions.add_parser("list", help="every brand that was published").set_defaults(run=_list_brands)


def _links_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser(
        "rotate", help="sign with the next key and make another; the first time, make the first"
    ).set_defaults(run=_rotate_links)


def _webhooks_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    rotate = actions.add_parser("rotate", help="make another secret; it is shown once, and the one before stays good")
    rotate.set_defaults(run=_rotate_webhook)
    set_ = actions.add_parser("set", help="take the secret that a provider gave out; the one before stays good")
    set_.add_argument("--secret-file", type=Path, required=True, help="a file with nothing else in it")
    set_.set_defaults(run=_set_webhook)
    retire = actions.add_parser("retire", help="have only the newest secret be good")
    retire.set_defaults(run=_retire_webhook)
    for action in (rotate, set_, retire):
        action.add_argument("provider", type=Provider, choices=list(Provider), metavar="PROVIDER")
    actions.add_parser("list", help="who has how many secrets, without the secrets").set_defaults(run=_list_webhooks)


def _erasure_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("prepare", help="make the erasure key, once for each stack").set_defaults(run=_prepare_erasure)
    begin = actions.add_parser("begin", help="erase a person, everywhere and for ever")
    begin.add_argument("person_id")
    begin.add_argument("--yes", action="store_true", help="do not ask")
    begin.set_defaults(run=_begin_erasure)
    show = actions.add_parser("show", help="the receipt of an erasure, or how far it is")
    show.add_argument("person_id")
    show.set_defaults(run=_show_erasure)


def _queue_parser(parser_: argparse.ArgumentParser) -> None:
    actions = parser_.add_subparsers(required=True, metavar="ACTION")
    export = actions.add_parser("export", help="write what lies on a queue to a file, and leave it there")
    export.add_argument("queue", choices=sorted(QUEUES))
    export.add_argument("file", type=Path)
    export.add_argument("--live", action="store_true", help="the queue itself rather than its dead-letter queue")
    export.set_defaults(run=_export_queue)


def _redrive_parser(parser_: argparse.ArgumentParser) -> None:
    parser_.add_argument("queue", choices=sorted(QUEUES))
    parser_.add_argument("--dry-run", action="store_true", help="only count")
    parser_.add_argument("--filter", default="", help="only letters whose body contains this text")
    parser_.add_argument("--rate", type=_positive, default=DEFAULT_RATE, help="letters a second (default: 50)")
    parser_.set_defaults(run=_redrive)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _key_repository(stack: Stack) -> ApiKeyRepository:
    return ApiKeyRepository(stack.client("dynamodb"), stack.output("SurveysTableName"))


def _create_key(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    if chosen.kind is KeyKind.PUBLISHABLE and not chosen.survey:
        _complain(out, "A publishable key belongs to one survey: name it with --survey.")
        return 2
    key = api_keys.create(
        _key_repository(stack), chosen.kind, chosen.name, datetime.now(UTC), chosen.survey, chosen.origin
    )
    if chosen.kind is KeyKind.PUBLISHABLE and not chosen.origin:
        out.print("Without --origin no web page may use it but ours (terminals, links), only apps and servers.")
    out.print("This is the only time the key is shown; keep it where secrets are kept.")
    out.print(key, highlight=False, soft_wrap=True)
    return 0


def _list_keys(_: argparse.Namespace, stack: Stack, out: Console) -> int:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "kind", "hash", "survey", "made", "revoked"):
        table.add_column(column, no_wrap=True)
    table.add_column("origins", overflow="fold")
    for key in _key_repository(stack).list():
        table.add_row(
            key.name,
            key.kind.value,
            key.key_hash[:SHOWN_HASH],
            key.survey_id or "",
            f"{key.created_at:%Y-%m-%d}",
            f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else "",
            "\n".join(key.origins),
        )
    out.print(table)
    return 0


def _revoke_key(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    key = _key_repository(stack).revoke(chosen.name, chosen.hash, datetime.now(UTC))
    out.print(f"Revoked {key.name} ({key.key_hash[:SHOWN_HASH]}); functions forget it within a minute.")
    return 0


def _publish_survey(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    survey = surveys.publish_survey(stack, surveys.read_definition(chosen.file))
    out.print(f"{survey.survey_id} is at version {survey.version}; functions notice within a minute.")
    return 0


def _show_survey(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    published = surveys.repository(stack).current(chosen.survey_id)
    if published is None:
        out.print(f"There is no survey {chosen.survey_id}.")
        return 1
    out.print_json(published.survey.model_dump_json())
    return 0


def _publish_brand(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    brand = brands.publish_brand(stack, chosen.file)
    out.print(f"{brand.brand_id} is at version {brand.version}; messages follow it within a minute.")
    return 0


def _show_brand(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    brand = brands.repository(stack).current(chosen.brand_id)
    if brand is None:
        out.print(f"The brand {chosen.brand_id} was never published.")
        return 1
    out.print_json(brand.model_dump_json())
    return 0


def _list_brands(_: argparse.Namespace, stack: Stack, out: Console) -> int:
    for brand in brands.repository(stack).list_brands():
        out.print(f"{brand.brand_id}  version {brand.version}  {brand.name}", markup=False, highlight=False)
    return 0


def _rotate_links(_: argparse.Namespace, stack: Stack, out: Console) -> int:
    ring = links.rotate(stack.client("ssm"), stack.output("LinkKeysParameter"), datetime.now(UTC))
    retired = f", and {len(ring.retired)} retired ones for unsubscribing" if ring.retired else ""
    out.print(f"Links are signed with the next key within 5 minutes; {len(ring.keys)} keys verify{retired}.")
    return 0


def _rotate_webhook(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    secret = webhooks.rotate(stack.client("ssm"), stack.output("WebhookSecretsParameter"), chosen.provider)
    out.print("This is the only time the secret is shown; it is good within a minute, as is the one before it.")
    out.print(secret, highlight=False, soft_wrap=True)
    return 0


def _set_webhook(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    parameter = stack.output("WebhookSecretsParameter")
    webhooks.set_from(stack.client("ssm"), parameter, chosen.provider, chosen.secret_file)
    out.print(f"{chosen.provider} may sign with this secret within a minute, as with the one before it.")
    return 0


def _retire_webhook(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    retired = webhooks.retire(stack.client("ssm"), stack.output("WebhookSecretsParameter"), chosen.provider)
    out.print(f"Forgotten: {retired}. Within a minute only the newest secret of {chosen.provider} is good.")
    return 0


def _list_webhooks(_: argparse.Namespace, stack: Stack, out: Console) -> int:
    known = webhooks.known(stack.client("ssm"), stack.output("WebhookSecretsParameter"))
    for provider in Provider:
        out.print(f"{provider}: {len(known.get(provider, ()))}", highlight=False)
    return 0


def _prepare_erasure(_: argparse.Namespace, stack: Stack, out: Console) -> int:
    made = erasure.make_key(stack.client("ssm"), stack.output("ErasureKeyParameter"))
    out.print("The erasure key is made; it is never changed." if made else "The erasure key is there already.")
    return 0


def _begin_erasure(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    if not chosen.yes and out.input(f"Erase {chosen.person_id}? Nobody can undo it. Type yes: ") != "yes":
        out.print("Nothing was erased.")
        return 1
    erasure.of_stack(stack).begin(chosen.person_id, datetime.now(UTC))
    return _show_erasure(chosen, stack, out)


def _show_erasure(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    found = erasure.of_stack(stack).get(chosen.person_id)
    if found is None:
        out.print(f"Nobody asked to erase {chosen.person_id}.")
        return 1
    if found.finished_at is None:
        out.print(f"Asked for at {found.requested_at:%Y-%m-%d %H:%M} UTC; finished some 16 minutes after that.")
        return 0
    out.print(f"Asked for at {found.requested_at:%Y-%m-%d %H:%M} UTC, finished at {found.finished_at:%H:%M} UTC.")
    for kind, count in sorted(found.counts.items()):
        out.print(f"{kind.value}: {count}", highlight=False)
    return 0


def _export_queue(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    url = stack.queue_url(chosen.queue) if chosen.live else stack.dead_letter_queue_url(chosen.queue)
    with progress_bar(out) as progress:
        task = progress.add_task("exported", total=None)
        count = exporting.export(
            stack.client("sqs"), url, chosen.file, lambda done: progress.update(task, completed=done)
        )
    out.print(f"{count} messages written to {chosen.file}; they name people, so keep the file safe.")
    return 0


def _redrive(chosen: argparse.Namespace, stack: Stack, out: Console) -> int:
    sqs = stack.client("sqs")
    source = stack.dead_letter_queue_url(chosen.queue)
    waiting = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["ApproximateNumberOfMessages"])
    erased = erasure.StoredErasures(
        stack.client("dynamodb"), stack.output("ResponsesTableName"), stack.output("PeopleTableName")
    )
    with progress_bar(out) as progress:
        task = progress.add_task("letters", total=int(waiting["Attributes"]["ApproximateNumberOfMessages"]))
        outcome = redrive.redrive(
            sqs,
            source,
            stack.queue_url(chosen.queue),
            erased,
            matches=lambda body: chosen.filter in body,
            pause=lambda: time.sleep(1 / chosen.rate),
            dry_run=chosen.dry_run,
            progress=lambda so_far: progress.update(task, completed=so_far.seen),
        )
    verb = "would be sent" if chosen.dry_run else "sent"
    dropped = "would be dropped" if chosen.dry_run else "dropped"
    out.print(f"{outcome.seen} seen, {outcome.sent} {verb}, {outcome.erased} {dropped} (erased), {outcome.left} left.")
    if outcome.returned:
        out.print(f"{outcome.returned} failed again and are back: they can not become right; see the runbook.")
    return 0
