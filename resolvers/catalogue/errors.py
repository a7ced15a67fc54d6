"""Codes of `errors[].extensions.code`: faults, bad requests and access."""

from typing import Final

from resolvers.catalogue.entry import Entry

ERRORS: Final = (
    Entry(
        "BAD_REQUEST",
        "A part of the request has the wrong form, or an argument is outside of its limits.",
        "Correct what the message names.",
    ),
    Entry(
        "BAD_USER_INPUT",
        "The variables, or an argument, are not what their types say.",
        "Correct the value that the message names.",
    ),
    Entry("BATCHING_NOT_SUPPORTED", "The body is a list.", "Send one operation per request."),
    Entry(
        "BODY_TOO_LARGE",
        "The body is larger than `ORDER_CENTER_MAX_BODY_BYTES`.",
        "Send less at once: fewer orders per batch, or pages.",
    ),
    Entry(
        "CONFLICT",
        "Too many wrote the same rows at once; nothing was changed.",
        "Send the request again.",
        is_retryable=True,
    ),
    Entry(
        "CROSS_SITE_REQUEST",
        "A page of another site made a browser send this GET.",
        "Ask from your own server, or send one of the headers that the message names.",
    ),
    Entry(
        "DOCUMENT_TOO_LARGE",
        "The GraphQL document has too many tokens or comments, or is nested too deeply.",
        "Pass values as variables, and ask in several operations.",
    ),
    Entry("FORBIDDEN", "None of the caller's roles may read this.", "Ask someone who may."),
    Entry(
        "GRAPHQL_PARSE_FAILED",
        "The document is no GraphQL.",
        "Correct the document at the place that `locations` names.",
    ),
    Entry(
        "GRAPHQL_VALIDATION_FAILED",
        "The document does not fit the schema.",
        "Compare it with `/schema.graphql`.",
    ),
    Entry(
        "IDEMPOTENCY_KEY_AMBIGUOUS",
        "The `Idempotency-Key` header came with several mutations in one request.",
        "Send them apart, or give each its own `idempotencyKey` in its input.",
    ),
    Entry(
        "INTERNAL",
        "Something went wrong on our side. It was recorded under the request's id.",
        "Send a mutation again only with its idempotency key; report `requestId`.",
    ),
    Entry(
        "INVALID_ANALYTICS",
        "The parts of a question of analytics do not go together.",
        "Correct what the message names.",
    ),
    Entry(
        "INVALID_CALLBACK",
        "A payment provider's callback is signed well, and yet no event that can be read.",
        "Hold the provider's version of its events against the one that is meant here.",
    ),
    Entry(
        "INVALID_CURSOR",
        "The cursor was not given out for this list, with this sort and filter.",
        "Begin with the first page.",
    ),
    Entry(
        "INVALID_JSON",
        "The body, or a parameter, cannot be read as JSON: bad syntax, invalid UTF-8, half of a surrogate pair, an"
        " infinite number, or endless nesting.",
        "Write it with a JSON library.",
    ),
    Entry("INVALID_LINK", "The URL of an export is not one that was given out here.", "Ask for `ExportJob.url`."),
    Entry(
        "INVALID_SIGNATURE",
        "A payment provider's callback is not signed, or not with the secret that was agreed.",
        "Set the secret that the provider shows for this endpoint.",
    ),
    Entry(
        "LIMIT_OUT_OF_RANGE",
        "`limit` or `offset` of a table is outside of its bounds.",
        "Ask for pages of 10,000 rows.",
    ),
    Entry(
        "LINK_EXPIRED", "The URL of an export was good for a while, which is over.", "Ask for `ExportJob.url` again."
    ),
    Entry("METHOD_NOT_ALLOWED", "This HTTP method is not for this; mutations go by POST.", "See the `Allow` header."),
    Entry("NOT_ACCEPTABLE", "`Accept` names no type that answers have.", "Accept `application/graphql-response+json`."),
    Entry("NOT_FOUND", "There is nothing under this URL.", "The endpoint is `/graphql`."),
    Entry(
        "NUMBER_OUT_OF_RANGE",
        "A number is beyond 64 bits.",
        "Send amounts and large numbers as strings, as Decimal and BigInt.",
    ),
    Entry(
        "OPERATION_NOT_FOUND",
        "The document has no such operation, or several and `operationName` is missing.",
        "Name one of the document's operations in `operationName`.",
    ),
    Entry("SERVICE_REJECTED", "Another service refused.", "Read the message; `service` says which one."),
    Entry(
        "SERVICE_UNAVAILABLE",
        "Another service does not answer; the field that needs it is null.",
        "Try again after `retryAfterMs`; `service` says which one.",
        is_retryable=True,
    ),
    Entry(
        "STALE_SIGNATURE",
        "A payment provider's callback was signed too long ago: it may be a recorded one.",
        "Have the provider send it anew; compare both clocks.",
    ),
    Entry(
        "SUM_OUT_OF_RANGE",
        "A sum of analytics is beyond 64 bits of minor units.",
        "Ask for smaller groups (a dimension more, a finer grain), or for fewer orders.",
    ),
    Entry(
        "TIME_GRAIN_NEEDED",
        "What was asked of a table needs pieces of time: `fillGaps`, or ordering by time.",
        "Name a `grain` in `time`.",
    ),
    Entry(
        "TIME_RANGE_NEEDED",
        "What was asked of a table needs a beginning and an end: `fillGaps`, or `compare`.",
        "Give `range` in `time` both of its ends, between the years 1000 and 9000.",
    ),
    Entry("TOO_DEEP", "The variables are nested too deeply.", "Send flatter values."),
    Entry(
        "TOO_MANY_CELLS",
        "Too many groups would have to be filled or compared at once.",
        "Ask for a shorter range, a coarser grain or fewer dimensions.",
    ),
    Entry("UNAUTHENTICATED", "The key is not known here.", "Send a valid key: `Authorization: Bearer KEY`."),
    Entry(
        "UNKNOWN_PAYMENT",
        "A payment provider's callback is about a payment that was never begun here.",
        "See whether the provider's endpoint leads to the right order center.",
    ),
    Entry("UNKNOWN_TIME_ZONE", "There is no such time zone.", "Name one of the IANA data base, like `Europe/Berlin`."),
    Entry("UNSUPPORTED_ENCODING", "The body is compressed.", "Send it as it is."),
    Entry(
        "UNSUPPORTED_MEDIA_TYPE", "The body is not declared as JSON in UTF-8.", "Send `Content-Type: application/json`."
    ),
    Entry("URL_TOO_LONG", "The URL's parameters are too long.", "Send the operation by POST."),
)
