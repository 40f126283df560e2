"""One file for each thing that is looked for in a picture."""
