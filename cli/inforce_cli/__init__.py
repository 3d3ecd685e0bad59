"""The command inforce: parse, one call of the library, render, exit code."""
