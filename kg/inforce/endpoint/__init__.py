"""Queries from outside, answered for a server: a process that holds the graph, and one limited child a query.

``zygote`` is that process, started as a program of its own, so that it never has a thread and can be started again;
``answers`` is what a child does; ``handle`` is what the server holds of it.
"""
