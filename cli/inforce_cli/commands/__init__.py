"""One module a command: ``main(run, …)`` parses by its signature, makes one call of the library, shows, ends."""
