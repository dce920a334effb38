"""What a name in a source file stands for."""
