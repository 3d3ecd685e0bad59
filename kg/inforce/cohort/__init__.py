"""Many applicants at once: the rules of a day as a program over bit planes, sixty-four rows to a machine word.

``kb.batch(table, on=...)`` answers an Arrow table, ``kb.batch_function(on=...)`` is the same for use elsewhere: a
function from an Arrow batch to an Arrow batch that can be sent to workers. Needs the extra ``batch``.
"""
