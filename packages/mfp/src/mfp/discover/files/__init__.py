"""Which files of a repository may hold flows."""
