"""Comments of a `prefect.yaml` that has nothing else yet."""

import pytest
from mfp.deploy.prefect_yaml.comments import keep_comments


@pytest.mark.parametrize("before", ["\n", "# of ours\n"])
def test_file_without_content_keeps_its_comments_at_its_top(before: str) -> None:
    assert keep_comments(before, "name: shop\n") == f"{before}name: shop\n"
