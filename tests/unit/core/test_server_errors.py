"""What a server says is wrong, without all that it was asked."""

import httpx
from metaflow_prefect.deploy.errors import detail


def test_request_is_not_repeated() -> None:
    wrong = [{"loc": ["body", "concurrency_limit"], "msg": "Input should be greater than 0"}]
    answer = {"exception_detail": wrong, "request_body": {"job_variables": {"env": "secret"}}}
    found = detail(httpx.Response(422, json=answer))
    assert found == "body.concurrency_limit: Input should be greater than 0"
