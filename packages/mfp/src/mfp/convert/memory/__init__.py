"""What is unchanged since the last time, and need not be loaded again."""
