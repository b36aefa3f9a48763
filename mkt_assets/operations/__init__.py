"""Looking after a home over months: is it sound (doctor), what may go (gc), who must go (forget).

Not here: the commands that call them (commands/operations).
"""
