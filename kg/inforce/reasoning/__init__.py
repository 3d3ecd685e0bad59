"""Inference at build time; nothing here runs when a question is asked. Every inferred triple says what it came from."""
