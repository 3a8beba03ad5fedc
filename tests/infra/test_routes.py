"""The routes of the template and those of the code are the same, and a browser can use those made for it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache

import pytest

from shared.http import Operation, Security
from tests.infra.cloudformation import TEMPLATE, of_type, parse, properties

GREEDY = "/{proxy+}"


@cache
def _routes() -> dict[str, list[str]]:
    """Each function's routes in the template, as `METHOD /path`."""
    functions = of_type(parse(TEMPLATE.read_text()), "AWS::Serverless::Function").values()
    return {
        properties(function)["Handler"].rpartition(".")[0]: [
            f"{event['Properties']['Method'].upper()} {event['Properties']['Path']}"
            for event in properties(function).get("Events", {}).values()
            if event["Type"] == "HttpApi"
        ]
        for function in functions
    }


def apps() -> list[str]:
    """The modules that answer HTTP requests."""
    return [module for module, routes in _routes().items() if routes]


def operations(module: str) -> tuple[Operation, ...]:
    declared: tuple[Operation, ...] = importlib.import_module(module).OPERATIONS
    return declared


def is_greedy(module: str) -> bool:
    return any(GREEDY in route for route in _routes()[module])


def shape(route: str) -> str:
    """A route with its parameters' names left out: two routes of one shape are the same to the gateway."""
    return re.sub(r"\{[^}]+\}", "{}", route)


def all_operations() -> Iterator[tuple[str, Operation]]:
    for module in apps():
        for operation in operations(module):
            yield module, operation


@pytest.mark.parametrize("module", apps())
def test_every_route_of_the_template_is_in_the_code_and_the_other_way_round(module: str) -> None:
    declared = {operation.route_key for operation in operations(module)}
    assert declared
    if is_greedy(module):
        (route,) = _routes()[module]
        prefix = route.removeprefix("ANY ").removesuffix(GREEDY)
        assert {key for key in declared if not key.partition(" ")[2].startswith(f"{prefix}/")} == set()
    else:
        twins = {route for route in _routes()[module] if route.startswith(("HEAD ", "OPTIONS "))}
        assert declared | twins == set(_routes()[module])


def test_who_takes_what_nobody_else_answers_knows_what_they_answer() -> None:
    greedy = [module for module in apps() if is_greedy(module)]
    (elsewhere,) = (importlib.import_module(module).ELSEWHERE for module in greedy)
    routes = (route for module, routes in _routes().items() if module not in greedy for route in routes)
    under = {route for route in routes if route.partition(" ")[2].startswith("/v1/")}
    assert {f"{method} {path}" for path, methods in elsewhere.items() for method in methods} == under


@pytest.mark.parametrize("module", apps())
def test_no_operation_is_hidden_by_the_explicit_route_of_another_function(module: str) -> None:
    elsewhere = {shape(route) for other, routes in _routes().items() if other != module for route in routes}
    assert {shape(operation.route_key) for operation in operations(module)} & elsewhere == set()


def test_every_operation_says_who_may_use_it() -> None:
    assert [operation.route_key for _, operation in all_operations() if not operation.security] == []


def test_a_page_may_ask_before_it_posts_with_a_publishable_key() -> None:
    """Without an OPTIONS route the gateway answers the preflight itself, with 404."""
    silent = [
        operation.route_key
        for module, operation in all_operations()
        if Security.PUBLISHABLE_KEY in operation.security
        and not operation.is_page
        and not is_greedy(module)
        and not operation.is_page
        and f"OPTIONS {operation.path}" not in _routes()[module]
    ]
    assert silent == []


def test_every_page_answers_head_as_well() -> None:
    """HTTP APIs do not give HEAD to a GET route."""
    routes = {route for routes in _routes().values() for route in routes}
    pages = {route for route in routes if route.startswith("GET ") and not route.startswith("GET /v1/")}
    assert {page for page in pages if page.replace("GET ", "HEAD ") not in routes} == set()
