"""Pure functions from answers to text for a screen, a file or a page."""
