"""`/v1/brands`: how the company looks, what it tells of deliveries, when, and in which words."""

from __future__ import annotations

from http import HTTPStatus

from functions.api.brands.bodies import BrandsTold, PutBrand
from functions.api.brands.service import entity_tag
from functions.api.calling import BODY_REFUSALS, LIST_REFUSALS, READ_REFUSALS, called, logger
from shared.domain.brands import LARGEST_BRAND, Brand
from shared.http import Answer, Operation, Request, Security, json_body, parsed


def list_brands(request: Request) -> Answer:
    """Every brand."""
    api, _ = called(request)
    return Answer(body=api.brands.listed())


def read_brand(request: Request) -> Answer:
    """One brand."""
    api, _ = called(request)
    return _tagged(api.brands.definition(request.path_parameters["brand_id"]))


def put_brand(request: Request) -> Answer:
    """Publish a brand's next version."""
    data = json_body(request, limit=LARGEST_BRAND)
    api, caller = called(request)
    definition = parsed(PutBrand, data)
    told = api.brands.publish(request.path_parameters["brand_id"], definition, request.headers.get("if-match"))
    logger.info("brand published", extra={"brand_id": told.brand_id, "version": told.version, "actor": caller.name})
    return _tagged(told)


def _tagged(told: Brand) -> Answer:
    return Answer(body=told, headers={"etag": entity_tag(told.version)})


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/brands",
        run=list_brands,
        summary="Every brand that was published",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, BrandsTold),
        refusals=LIST_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/brands/{brand_id}",
        run=read_brand,
        summary="A brand as it is; its `ETag` goes into the `If-Match` of a change",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Brand),
        refusals=READ_REFUSALS,
    ),
    Operation(
        method="PUT",
        path="/v1/brands/{brand_id}",
        run=put_brand,
        summary="Publish a brand's next version, once every message of it was rendered; the same again is the same "
        "version. Messages follow it within a minute",
        security=(Security.SECRET_KEY,),
        success=(HTTPStatus.OK, Brand),
        request=PutBrand,
        headers={"if-match": "The `ETag` of what was read: if something else stands by now, nothing is published."},
        refusals=(*BODY_REFUSALS, HTTPStatus.PRECONDITION_FAILED),
    ),
)
