"""
Which TopView task this run has already paid for: a record that survives retries, kills and clears.

``records`` says what is written, ``stores`` where, ``book`` when; ``rules`` decides what a record means for the next
attempt, ``orphans`` looks for a task whose id was lost, ``words`` says all of it to people.
"""
