"""Where Python and what is installed lie."""

from itertools import combinations

from mfp.convert.installed import installed_folders


def test_the_innermost_folder_comes_first() -> None:
    """A library is named by its folder in `site-packages`, which the standard library's holds."""
    for first, second in combinations(installed_folders(), 2):
        assert not second.startswith(first)
