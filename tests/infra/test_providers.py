"""What the code believes of providers is what the template makes."""

from __future__ import annotations

from shared.channels.pacing import PROCESSES
from shared.domain.messages import Category
from shared.domain.urgency import MAIL_IS_TRIED_FOR, Urgency
from tests.infra.cloudformation import TEMPLATE, of_type, parse, properties, target

SETS = {
    Urgency.URGENT: "URGENT_EMAIL_CONFIGURATION_SET",
    Urgency.TODAY: "TODAY_EMAIL_CONFIGURATION_SET",
    Urgency.STANDARD: "EMAIL_CONFIGURATION_SET",
}
TEXT = parse(TEMPLATE.read_text())
NOTIFY = properties(TEXT["Resources"]["NotifyFunction"])


def test_ses_tries_for_as_long_as_the_rule_believes() -> None:
    for urgency, tried_for in MAIL_IS_TRIED_FOR.items():
        name = str(target(NOTIFY["Environment"]["Variables"][SETS[urgency]]))
        made = properties(TEXT["Resources"][name])["DeliveryOptions"]["MaxDeliverySeconds"]
        assert made == tried_for.total_seconds()
        assert 300 <= made <= 50_400, "the bounds of SES"


def test_each_configuration_set_tells_what_became_of_its_mail() -> None:
    told = of_type(TEXT, "AWS::SES::ConfigurationSetEventDestination").values()
    by_set = {target(properties(each)["ConfigurationSetName"]): properties(each)["EventDestination"] for each in told}
    assert set(by_set) == set(of_type(TEXT, "AWS::SES::ConfigurationSet"))
    assert len({str(each) for each in by_set.values()}) == 1, "all the same"


def test_as_many_processes_share_the_quota_as_may_run_at_once() -> None:
    assert NOTIFY["Events"]["Notifications"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] == PROCESSES


def test_every_category_may_be_named_as_one_that_goes_once_more() -> None:
    assert TEXT["Parameters"]["ResendAmbiguous"]["AllowedValues"] == ["", *(each.value for each in Category)]


def test_smtp_is_refused_where_customers_are() -> None:
    rule = TEXT["Rules"]["SmtpIsForDevelopment"]
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"]["Fn::Contains"][0] == ["local", "dev"]
    assert NOTIFY["Environment"]["Variables"]["SMTP_URL"] == {"Fn::If": ["Retained", "", {"Ref": "SmtpUrl"}]}
    assert set(TEXT["Parameters"]["Stage"]["AllowedValues"]) - {"local", "dev"} == {"staging", "prod"}
