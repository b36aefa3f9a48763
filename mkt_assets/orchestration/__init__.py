"""How Dagster runs the assets: partitions, jobs, schedules, sensors, checks, failures.

Not here: the assets themselves (assets/), what people type (commands/).
"""
