"""The server of ``inforce serve``: the SPARQL endpoint, the JSON of the commands, and the pages.

``app`` puts the parts together; ``workers`` asks the process that holds the graph; each other module is one part.
"""
