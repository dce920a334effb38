"""What the tests are built on: cases, ways to run them, and ways to compare runs."""
