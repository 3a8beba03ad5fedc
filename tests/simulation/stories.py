"""What happens in a shop, as the scenarios tell it."""

from __future__ import annotations

from tests.simulation.customer import Customer
from tests.simulation.residue import OLD_EMAIL
from tests.simulation.shop import Shop


def tell(story: Shop) -> None:
    """Answers: one becomes better, one gets a comment, one comes twice, one in the wrong order; and a parcel's way."""
    story.answer(1, 10)
    story.answer(2, 7, city="Hamburg")
    story.answer(3, 3, comment="too late")
    story.answer(4, 0)
    story.answer(5, 5, test=True)
    story.answer(6, 8, revision=2)
    story.answer(7, 2)
    story.register("parcel", phone="+4915112345678")
    story.report("parcel", "out_for_delivery")
    story.wait(40)
    story.answer(3, 9, revision=2, comment="they made it good")
    story.answer(4, 0, revision=2, comment="never again")
    story.answer(1, 10)
    story.answer(6, 1)
    story.report("parcel", "arriving")
    story.wait(40)
    story.report("parcel", "delivered")
    story.come_to_rest()


def tell_of_answers(story: Shop) -> None:
    """The short story of answers alone: one in the page that becomes better, two at the desk, one of them twice."""
    story.answer(1, 3)
    story.back_office.create(9, number=1)
    story.back_office.create(2, key="order 7")
    story.wait(40)
    story.answer(1, 9, revision=2)
    story.back_office.create(2, key="order 7")
    story.come_to_rest()


def tell_of_express(story: Shop) -> None:
    """A parcel whose whole way is reported at once."""
    story.register("express")
    for status in ("out_for_delivery", "arriving", "delivered"):
        story.report("express", status)


def tell_of_a_tracked_parcel(story: Shop) -> None:
    """A provider tells of a number before its shop does and after, and tells everything again each time."""
    story.tracked("PI000000001DE", "pre_transit", "in_transit")
    story.wait(5)
    story.register("tracked", number="pi 000000001 DE".replace(" ", "-"))
    story.tracked("PI000000001DE", "pre_transit", "in_transit", "out_for_delivery")
    story.wait(3_600)
    story.tracked("PI000000001DE", "pre_transit", "in_transit", "out_for_delivery", "delivered")
    story.tracked("PI000000001DE", "pre_transit", "in_transit", "out_for_delivery", "delivered")
    story.come_to_rest()


def tell_at_the_desk(story: Shop) -> None:
    """A server creates answers by a name of its own, a key, no name, and twice; edits one and erases one."""
    desk = story.back_office
    desk.create(9, number=1, email="ada@example.org")
    desk.create(3, key="order 7", city="Hamburg")
    desk.create(10)
    desk.create(2, number=2)
    desk.create(8, number=3)
    desk.edit(2, 7)
    desk.erase(3)
    desk.create(3, key="order 7", city="Hamburg")
    desk.create(9, number=1, email="ada@example.org")


def tell_of_views(story: Shop) -> None:
    """Views: one begun, one closed, one that tells more the second time, one told twice, a preview."""
    story.view(1)
    story.view(2, started=True)
    story.view(3, dismissed=True)
    story.view(4, "kiosk")
    story.view(4, "kiosk", started=True, dismissed=True)
    story.view(2, started=True)
    story.view(5, test=True)


def tell_of_ada(story: Shop) -> Customer:
    """A customer buys, answers, claims an answer, and asks to be erased while more of hers is on its way."""
    ada = Customer(story)
    ada.buys("hers-1", email=OLD_EMAIL)
    ada.buys("hers-2")
    ada.is_told("hers-1", "out_for_delivery")
    ada.becomes_known()
    ada.answers(101, 2)
    ada.claims(103, 0)
    story.wait(200)
    ada.claims(104, 1)
    ada.claims(103, 5, revision=2)
    ada.asks_to_be_erased()
    story.aws.clock.advance(1)
    return ada


def tell_of_bob(story: Shop) -> None:
    """Many wish to ask one customer at once, on two channels; who begins anew wishes it again."""
    story.asks("bob@example.org", "email")
    story.asks("bob@example.org", "link", key="chat 7")
    story.asks("bob@example.org", "email", key="order 8")
    story.asks("bob@example.org", "link", key="chat 7")
    story.asks("bob@example.org", "email", key="order 8")
