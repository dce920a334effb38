"""From the model to the generated file: text, then a file."""
