"""Pure numbers: every function takes samples and a reading and gives an effect, or a reason why not.

Nothing here knows a viewer, a file, a query or a table.
"""
